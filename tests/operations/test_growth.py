"""Whether a log begins with the bytes of one that was saved before."""

import gzip
from hashlib import sha256
from pathlib import Path

import pytest

from kernward.operations.growth import outgrown

LINE = b"[  100.500000] EXT4-fs error (device sda1): ext4_lookup:1785: inode #2: comm ls: no\n"
WHOLE = b"".join(LINE.replace(b"1785", b"%d" % number) for number in range(50_000))


def named(size_bytes: int) -> tuple[str, int]:
    return sha256(WHOLE[:size_bytes]).hexdigest(), size_bytes


@pytest.mark.parametrize("packed", [False, True])
def test_every_earlier_state_of_the_file_is_found_wherever_it_ended(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "kern.log"
    path.write_bytes(gzip.compress(WHOLE, 1) if packed else WHOLE)
    earlier = [named(size) for size in (1, len(LINE), 1 << 20, (1 << 20) + 1, 3_333_333, len(WHOLE))]
    assert outgrown(str(path), earlier[::-1]) == tuple(digest for digest, _ in earlier)


def test_other_bytes_of_the_same_size_are_another_log(tmp_path: Path) -> None:
    path = tmp_path / "kern.log"
    path.write_bytes(WHOLE)
    assert outgrown(str(path), [("0" * 64, 5000), named(7000), ("1" * 64, 9000)]) == (named(7000)[0],)


def test_a_file_that_is_shorter_now_or_gone_holds_nothing_older(tmp_path: Path) -> None:
    path = tmp_path / "kern.log"
    path.write_bytes(WHOLE[:1000])
    assert outgrown(str(path), [named(2000)]) == ()
    assert outgrown(str(tmp_path / "gone"), [named(2000)]) == ()
