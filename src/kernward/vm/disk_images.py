"""Disk images for guests, made with this machine's mkfs and kept by their contents' name and size."""

import fcntl
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from kernward.records.errors import UsageError
from kernward.vm import programs

# Made anew when what an image holds changes.
REVISION = 1


def image(contents: str, size_mb: int, home: Path) -> Path | None:
    """The image of this name ("blank": None, nothing on it), made when it is not there yet."""
    if contents == "blank":
        return None
    if contents not in MAKERS:
        raise UsageError(f"there is no disk image {contents!r}; there are: blank, {', '.join(MAKERS)}")
    folder = home / "vm/images"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{contents}-{size_mb}-{REVISION}.img"
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
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
    _run([program, "-q", "-b", "1024", "-L", "orders", "-d", str(tree), str(path)], environment)


def _run(command: list[str], environment: dict[str, str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if result.returncode:
        said = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"{Path(command[0]).name} could not make a disk image: {said}")


Maker = Callable[[Path, Path, Path], None]
MAKERS: dict[str, Maker] = {"ext4": _ext4}
