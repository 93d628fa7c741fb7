"""Disk images for guests: an empty one to hand files out on, ext4 whole, and ext4 damaged."""

import re
import subprocess
from pathlib import Path

from .packages import unpack

OUTPUT_MB = 8
DISK_MB = 16


def blank(path: Path, size_mb: int) -> Path:
    with open(path, "wb") as file:
        file.truncate(size_mb << 20)
    return path


def make(form: str, path: Path, folder: Path, cache: Path) -> Path:
    """A disk: `blank`, `ext4`, `ext4-damaged` (16 MB) or `xfs-damaged` (320 MB, most of them holes)."""
    if form == "blank":
        return blank(path, DISK_MB)
    if form == "xfs-damaged":
        return _xfs_damaged(path, cache)
    tree = folder / "tree"
    (tree / "orders").mkdir(parents=True, exist_ok=True)
    (tree / "customers").mkdir(exist_ok=True)
    for number in range(40):
        (tree / "orders" / f"part-{number:04}").write_bytes(b"%08d\n" % number * 400)
    (tree / "orders" / "index").write_bytes(b"index of all parts\n" * 3000)
    blank(path, DISK_MB)
    subprocess.run(
        ["/sbin/mkfs.ext4", "-q", "-b", "1024", "-L", "orders", "-d", tree, path],
        check=True,
        capture_output=True,
    )
    if form == "ext4-damaged":
        _overwrite(path, "/orders/part-0007", inode=True)
        _overwrite(path, "/customers", inode=False)
    return path


def _xfs_damaged(path: Path, cache: Path) -> Path:
    """XFS whose index of free space, by block number, in the first allocation group is overwritten."""
    folders = [unpack(name, cache) for name in ("xfsprogs", "libinih1", "liburcu8")]
    places = ":".join(str(folder / "usr/lib/x86_64-linux-gnu") for folder in folders)
    blank(path, 320)
    subprocess.run(
        [folders[0] / "sbin/mkfs.xfs", "-q", "-L", "archive", path],
        check=True,
        env={"LD_LIBRARY_PATH": places},
    )
    for group in range(4):
        with open(path, "r+b") as file:
            # Block 1 of each group (4096 bytes a block; 4 groups of 80 MB).
            file.seek(group * (80 << 20) + 4096)
            file.write(b"\xa5" * 512)
    return path


def _debugfs(path: Path, request: str) -> str:
    return subprocess.run(
        ["/sbin/debugfs", "-R", request, path], check=True, capture_output=True, text=True
    ).stdout


def _overwrite(path: Path, name: str, inode: bool) -> None:
    """Overwrite a file's inode, or the first block of its data, as a stray write would."""
    if inode:
        found = re.search(r"block (\d+), offset (0x[0-9a-f]+)", _debugfs(path, f"imap {name}"))
        assert found, f"debugfs does not say where the inode of {name} is"
        # The first 40 bytes hold mode, owner, size and times; what follows are the extents.
        offset, data = int(found[1]) * 1024 + int(found[2], 16) + 40, b"\xa5" * 60
    else:
        found = re.search(r"(\d+)", _debugfs(path, f"blocks {name}"))
        assert found, f"debugfs does not say which blocks {name} has"
        offset, data = int(found[1]) * 1024, b"\xa5" * 512
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)
