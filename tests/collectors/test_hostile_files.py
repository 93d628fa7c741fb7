"""Whatever stands in a file of /proc or /sys: a source gives a record, or says in a sentence why not."""

from pathlib import Path
from random import Random

import pytest

from kernward.collectors.copied import CopiedClock, CopiedRoot
from kernward.collectors.sample import take
from kernward.collectors.sources import sources

TREES = [
    path
    for folder in ("trees", "whole_trees")
    for path in sorted((Path(__file__).parent / folder).iterdir())
    if path.is_dir()
]
# What reading trips over: nothing, bytes that are no text, numbers that are none or are too large, separators.
JUNK = (
    *(b"", b"\0", b"\xff\xfe", b"-1", b"9" * 26, b"9" * 5000, b"nan", b"1e999", b" ", b"\n", b":", b"max"),
    *(b"0x12", "٣²".encode(), b"/../..", b"(", b")", b"\\012", b"=", b","),
)


class Torn(CopiedRoot):
    """A tree in which every fourth file is damaged as it is read."""

    def __init__(self, path: Path, seed: int) -> None:
        super().__init__(path)
        self._seed = seed

    def read(self, path: str, limit_bytes: int = 16 << 20) -> bytes:
        data = super().read(path, limit_bytes)
        # By its name, so that the damage is the same in whichever order files are read.
        chance = Random(f"{self._seed} {path}")
        return damaged(data, chance) if chance.random() < 0.25 else data


def damaged(data: bytes, chance: Random) -> bytes:
    for _ in range(chance.choice((1, 1, 3, 10))):
        if not data:
            break
        begin = chance.randrange(len(data))
        end = min(len(data), begin + chance.choice((1, 3, 20, 200)))
        junk = chance.choice(JUNK)
        lines = data.split(b"\n")
        lines[chance.randrange(len(lines))] = lines[chance.randrange(len(lines))]
        words = data.split(b" ")
        words[chance.randrange(len(words))] = junk
        data = chance.choice(
            (
                data[:begin],
                data[begin:],
                data[:begin] + junk + data[end:],
                data[:begin] + junk + data[begin:],
                b" ".join(words),
                b"\n".join(lines),
            )
        )
    return data


@pytest.mark.parametrize("tree", TREES, ids=lambda path: path.name)
def test_no_source_trips_over_a_damaged_file(tree: Path) -> None:
    for seed in range(30):
        root = Torn(tree, seed)
        wanted = [each for each in sources().values() if each.when != "measured"]
        sample = take(root, CopiedClock(root), wanted)
        faults = [reason for reason in sample.absent.values() if "a fault of kernward" in reason]
        assert not faults, (seed, faults)
