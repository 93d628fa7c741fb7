"""A gigabyte of healthy boots, all kinds armed, beside `grep -F` for three texts and Python's `re`."""

import re
import time
from pathlib import Path

from bench.processes import KERNWARD, in_turn, middle, run, table
from kernward.events import index

LOGS = Path(__file__).parent.parent / "tests" / "healthy"
TEXTS = ("invoked oom-killer", "Kernel panic - not syncing", "EXT4-fs error")


def write(target: Path, size_bytes: int) -> None:
    """Healthy console logs, one after the other, again and again."""
    boots = b"".join(path.read_bytes() for path in sorted(LOGS.glob("idle-*/console.log")))
    with target.open("wb") as file:
        for _ in range(max(1, size_bytes // len(boots))):
            file.write(boots)


def write_distinct(target: Path, size_bytes: int) -> int:
    """The same boots, each with one early time stamp of its own, so that no two are copies; how many."""
    boots: list[tuple[bytes, bytes]] = []
    for path in sorted(LOGS.glob("idle-*/console.log")):
        before, _, after = path.read_bytes().partition(b"[    0.000000] BIOS-provided")
        boots.append((before, after))
    number = written = 0
    with target.open("wb") as file:
        while written < size_bytes:
            before, after = boots[number % len(boots)]
            written += file.write(b"%s[    0.%06d] BIOS-provided%s" % (before, number % 1_000_000, after))
            number += 1
    return number


def with_re(target: Path, size_bytes: int) -> float:
    """Seconds that Python's `re` takes for one alternation of all texts, over so many bytes."""
    literals = {pattern.literal for kind in index.kinds() for pattern in kind.patterns}
    anywhere = re.compile(b"|".join(re.escape(text.encode()) for text in sorted(literals)))
    with target.open("rb") as file:
        data = file.read(size_bytes)
    began = time.process_time()
    for _ in anywhere.finditer(data):
        pass
    return time.process_time() - began


def main(folder: Path) -> None:
    one, four, apart = (folder / f"healthy-{name}.log" for name in ("1g", "4g", "distinct"))
    write(one, 10**9)
    write(four, 4 * 10**9)
    triage = [KERNWARD, "triage", "--no-save", one]
    grep = ["grep", "-c", "-a", "-F", *(part for text in TEXTS for part in ("-e", text)), one]
    runs, peers = in_turn(5, triage, grep, cores={0})
    ours, theirs = middle(runs, "wall_s"), middle(peers, "wall_s")
    part = 50_000_000
    size = one.stat().st_size
    slow = with_re(one, part) / part * size
    large = run([KERNWARD, "triage", "--no-save", four], cores={0})
    boots = write_distinct(apart, 10**9)
    distinct = run([KERNWARD, "triage", "--no-save", apart], cores={0})
    table(
        f"healthy boots, {size / 1e9:.2f} GB, one core, {len(index.kinds())} kinds",
        [
            ("kernward triage --no-save", f"{ours:.2f} s", f"{size / ours / 1e6:.0f} MB/s"),
            ("grep -c -a -F, three texts", f"{theirs:.2f} s", f"ratio {ours / theirs:.2f} (limit 1.00)"),
            (
                "Python re, one alternation",
                f"{slow:.1f} s",
                f"kernward is {slow / ours:.0f} times as fast (limit 10); from {part / 1e6:.0f} MB",
            ),
            (
                f"the same size, {boots} boots, no two alike",
                f"{distinct.wall_s:.2f} s",
                f"above, copies of a boot are known; peak {distinct.peak_mb:.0f} MB",
            ),
            ("peak memory at 1 GB", f"{middle(runs, 'peak_mb'):.0f} MB", "limit 300 MB"),
            ("peak memory at 4 GB", f"{large.peak_mb:.0f} MB", f"the same; {large.wall_s:.2f} s"),
        ],
    )
    for path in (one, four, apart):
        path.unlink()
