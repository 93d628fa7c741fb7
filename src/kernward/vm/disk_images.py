"""Disk images for guests, made with this machine's mkfs and kept by their contents' name and size."""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from kernward.kernels.lock import locked
from kernward.records.errors import UsageError
from kernward.vm import programs

# Made anew when what an image holds changes.
REVISION = 2


def image(contents: str, size_mb: int, home: Path) -> Path | None:
    """The image of this name ("blank": None, nothing on it), made when it is not there yet."""
    if contents == "blank":
        return None
    if contents not in MAKERS:
        raise UsageError(f"there is no disk image {contents!r}; there are: blank, {', '.join(MAKERS)}")
    folder = home / "vm/images"
    made = folder / f"{contents}-{size_mb}-{REVISION}.img"
    with locked(folder / ".lock"):
        if not made.exists():
            with TemporaryDirectory(dir=folder) as work:
                partial = Path(work, "image")
                with open(partial, "wb") as file:
                    file.truncate(size_mb << 20)
                MAKERS[contents](partial, Path(work), home)
                partial.rename(made)
    return made


def _ext4(path: Path, work: Path, home: Path) -> None:
    """A small file system of orders and customers."""
    tree = work / "tree"
    (tree / "orders").mkdir(parents=True)
    (tree / "customers").mkdir()
    for number in range(40):
        (tree / "orders" / f"part-{number:04}").write_bytes(b"%08d\n" % number * 400)
    (tree / "orders" / "index").write_bytes(b"index of all parts\n" * 3000)
    program, environment = programs.on_host("mkfs.ext4", home)
    run([program, "-q", "-b", "1024", "-L", "orders", "-d", str(tree), str(path)], environment)


def run(command: list[str], environment: dict[str, str]) -> str:
    """What a program that makes images prints; UsageError when it fails."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if result.returncode:
        said = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"{Path(command[0]).name} could not make a disk image: {said}")
    return result.stdout


def _ext4_damaged(path: Path, work: Path, home: Path) -> None:
    """The same, with an inode and a directory block overwritten, as a stray write would."""
    _ext4(path, work, home)
    inode = _asked(path, "imap /orders/part-0007", r"block (\d+), offset (0x[0-9a-f]+)", home)
    # The first 40 bytes of an inode hold mode, owner, size and times; what follows are the extents.
    _overwrite(path, int(inode[1]) * _EXT4_BLOCK + int(inode[2], 16) + 40, 60)
    block = _asked(path, "blocks /customers", r"(\d+)", home)
    _overwrite(path, int(block[1]) * _EXT4_BLOCK, 512)


def _xfs(path: Path, _: Path, home: Path) -> None:
    """An empty file system. mkfs.xfs makes none below 300 MB; most of the image is a hole."""
    program, environment = programs.on_host("mkfs.xfs", home)
    run([program, "-q", "-d", f"agcount={_XFS_GROUPS}", "-L", "archive", str(path)], environment)


def _xfs_damaged(path: Path, work: Path, home: Path) -> None:
    """XFS whose index of free space, by block number, is overwritten in every allocation group."""
    _xfs(path, work, home)
    group = path.stat().st_size // _XFS_GROUPS
    for number in range(_XFS_GROUPS):
        # Block 1 of a group (4096 bytes a block) is the root of that B+tree (XFS_BNO_BLOCK).
        _overwrite(path, number * group + 4096, 512)


def _verity(path: Path, _: Path, home: Path) -> None:
    """1024 blocks of data, their hash tree for dm-verity, and in the last block what its table needs."""
    blocks, salt = 1024, b"\x12\x34"
    data = b"".join(
        f"block {number} of the root file system\n".encode().ljust(4096, b".") for number in range(blocks)
    )
    levels = [data]
    while len(levels[-1]) > 4096:
        below = levels[-1]
        digests = b"".join(
            hashlib.sha256(salt + below[at : at + 4096]).digest() for at in range(0, len(below), 4096)
        )
        levels.append(digests + bytes(-len(digests) % 4096))
    root = hashlib.sha256(salt + levels[-1]).hexdigest()
    with open(path, "r+b") as file:
        # The tree lies behind the data, its root first (Documentation/admin-guide/device-mapper/verity.rst).
        file.write(data + b"".join(reversed(levels[1:])))
        file.seek(-4096, os.SEEK_END)
        file.write(f"{blocks} {blocks} {salt.hex()} {root}\n".encode())


def _overwrite(path: Path, offset: int, size: int) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * size)


def _asked(path: Path, request: str, pattern: str, home: Path) -> re.Match[str]:
    """What debugfs answers, matched."""
    program, environment = programs.on_host("debugfs", home)
    found = re.search(pattern, run([program, "-R", request, str(path)], environment))
    if found is None:
        raise UsageError(f"debugfs does not answer {request!r} about a disk image as was expected")
    return found


_EXT4_BLOCK = 1024
_XFS_GROUPS = 4

Maker = Callable[[Path, Path, Path], None]
MAKERS: dict[str, Maker] = {
    "ext4": _ext4,
    "ext4-damaged": _ext4_damaged,
    "verity": _verity,
    "xfs": _xfs,
    "xfs-damaged": _xfs_damaged,
}
