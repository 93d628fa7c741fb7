"""A disk that brings this Python, and this kernward, into a guest that has neither.

An ext4 image with the interpreter that runs now, its standard library, its shared libraries, and the
packages that `kernward check` needs, compiled beforehand: a guest without KVM would spend its first
minute compiling. Made once for each state of the sources, named by their digest.
"""

import compileall
import hashlib
import os
import re
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

import kernward
from kernward.kernels.lock import locked
from kernward.records.errors import UsageError
from kernward.vm import programs
from kernward.vm.disk_images import run
from kernward.vm.fault_parts import DISK
from kernward.vm.spec import Disk

if TYPE_CHECKING:
    from kernward.vm.machine import Machine
    from kernward.vm.spec import Spec

NAME = "python"
PLACE = "/py"
# Of the packages that kernward installs, those that no command in a guest needs, and that are large.
LEFT_OUT = frozenset({"duckdb", "pyarrow", "sqlalchemy", "greenlet", "numpy", "scipy"})
# Parts of the standard library that nothing here imports.
_UNUSED = frozenset(
    {
        "test",
        "idlelib",
        "lib2to3",
        "ensurepip",
        "tkinter",
        "turtledemo",
        "site-packages",
        "__pycache__",
        "pydoc_data",
    }
)
# A requirement's name ends where a version, an extra or a condition begins.
_NAME = re.compile(r"[^A-Za-z0-9._-]")
# Libraries that are opened by name when the program runs.
_BY_NAME = ("libbpf.so.1",)
_SPARE_MB = 16
# An image that was not asked for in this time belongs to sources that are no more.
_UNUSED_S = 2 * 3600


def with_python(spec: "Spec", home: Path) -> "Spec":
    """The machine with the disk in it, made if need be. It is the machine's last disk."""
    disk = Disk(name=NAME, image=image(home), size_mb=0)
    return msgspec.structs.replace(
        spec, disks=(*spec.disks, disk), modules=tuple(dict.fromkeys((*spec.modules, "ext4")))
    )


def mount(machine: "Machine") -> None:
    """Make it usable in a machine that runs."""
    script = f"{DISK}\nmkdir -p {PLACE} && mount -t ext4 -o ro,noatime $(disk {NAME}) {PLACE}"
    done = machine.sh(script)
    if done.status:
        said = done.stderr.decode(errors="replace").strip()
        raise UsageError(f"{machine.name}: the disk with Python could not be mounted: {said}")
    machine.environment.update(PYTHONHOME=PLACE, PYTHONDONTWRITEBYTECODE="1")


def command(*arguments: str) -> list[str]:
    """What runs `kernward` with these arguments in such a guest."""
    loader = f"{PLACE}/lib/ld-linux-x86-64.so.2"
    # The guest has a C library of its own, or none: the loader is told where ours lie.
    return [
        loader,
        "--library-path",
        f"{PLACE}/lib",
        f"{PLACE}/bin/python3",
        "-m",
        "kernward.cli.main",
        *arguments,
    ]


def image(home: Path) -> Path:
    """The image for this interpreter and these sources."""
    folder = home / "vm/images"
    made = folder / f"{NAME}-{_digest()}.img"
    with locked(folder / ".lock"):
        if not made.exists():
            with TemporaryDirectory(dir=folder) as work:
                tree = Path(work, "tree")
                _fill(tree, home)
                partial = Path(work, "image")
                with partial.open("wb") as file:
                    file.truncate(_size_bytes(tree) + (_SPARE_MB << 20))
                program, environment = programs.on_host("mkfs.ext4", home)
                run(
                    [program, "-q", "-m", "0", "-O", "^has_journal", "-d", str(tree), str(partial)],
                    environment,
                )
                partial.rename(made)
        # Told by the time of access: that of change names the snapshots that stand on the image.
        os.utime(made, ns=(time.time_ns(), made.stat().st_mtime_ns))
        for other in folder.glob(f"{NAME}-*.img"):
            if time.time() - other.stat().st_atime > _UNUSED_S:
                other.unlink()
    return made


def _fill(tree: Path, home: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = tree / "lib" / version
    shutil.copytree(
        sysconfig.get_path("stdlib"),
        library,
        ignore=lambda folder, names: [
            each for each in names if each in _UNUSED or each.startswith("config-")
        ],
    )
    packages = library / "site-packages"
    for source, place in _packages():
        target = packages / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    shutil.copytree(
        Path(kernward.__file__).parent,
        packages / "kernward",
        ignore=shutil.ignore_patterns("__pycache__", "*.x86_64"),
    )
    interpreter = tree / "bin/python3"
    interpreter.parent.mkdir()
    shutil.copy2(os.path.realpath(sys.executable), interpreter)
    by_name = _named(home)
    for each in {*by_name, *_libraries([interpreter, *library.rglob("*.so"), *by_name])}:
        shutil.copy2(each, tree / "lib" / each.name)
    compileall.compile_dir(
        str(tree / "lib"), quiet=2, stripdir=str(tree), prependdir=PLACE, workers=1,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )  # fmt: skip


def _packages() -> Iterator[tuple[Path, str]]:
    """The files of the packages that kernward needs: where each is, and its place in site-packages."""
    for name in _needed("kernward", set()):
        if name in LEFT_OUT or name == "kernward":
            continue
        for file in metadata.distribution(name).files or ():
            source = Path(str(file.locate()))
            if ".." not in file.parts and "__pycache__" not in file.parts and source.is_file():
                yield source, str(file)


def _needed(name: str, seen: set[str]) -> set[str]:
    if name in seen:
        return seen
    try:
        requirements = metadata.distribution(name).requires or ()
    except metadata.PackageNotFoundError:
        return seen
    seen.add(name)
    for requirement in requirements:
        if "extra ==" not in requirement:
            _needed(_NAME.split(requirement, maxsplit=1)[0].lower(), seen)
    return seen


def _named(home: Path) -> list[Path]:
    """The libraries that are opened by name, this machine's or Debian's."""
    found = []
    for name in _BY_NAME:
        for folder in ("/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"):
            if (place := Path(folder, name)).exists():
                found.append(place)
                break
        else:
            package = programs.unpacked(name.split(".so")[0] + "1", home)
            found += sorted(package.rglob(name))[:1]
    return found


def _libraries(files: Sequence[Path]) -> set[Path]:
    found: set[Path] = set()
    for file in files:
        for _, place in programs.loads(file):
            if place and Path(place) not in found:
                found.add(Path(place))
    return {each for each in found if each.is_file()}


def _size_bytes(tree: Path) -> int:
    # A file takes whole blocks of 4096 bytes and an inode of 256; a folder likewise.
    return sum(-(-each.lstat().st_size // 4096) * 4096 + 512 for each in tree.rglob("*")) * 21 // 20


def _digest() -> str:
    """Of what the image is made of: the interpreter, the versions, each source file's bytes."""
    digest = hashlib.sha256(f"{sys.version} {os.path.realpath(sys.executable)}".encode())
    for name in sorted(_needed("kernward", set()) - LEFT_OUT):
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    root = Path(kernward.__file__).parent
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.endswith(".x86_64"):
            digest.update(f"{path.relative_to(root)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
