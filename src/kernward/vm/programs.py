"""Programs for a guest: this machine's own or Debian packages', each with the libraries it loads.

Nothing is installed: what this machine lacks is fetched with apt-get, which checks it against the
archive's signed lists, and unpacked under `home`/vm/programs, so an ordinary user can do this. Many
processes may ask at once; each package is fetched once.
"""

import hashlib
import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from kernward.kernels.lock import locked
from kernward.records.errors import UsageError
from kernward.vm.spec import File

_GUEST = Path(__file__).parent / "guest"
_BUILT = ".x86_64"
# Programs of an administrator are not on everybody's PATH.
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Warnings in a program that is to misbehave on purpose would hide where it does so by accident.
_CFLAGS = ("-static", "-O1", "-s", "-Wall", "-Wextra", "-Werror", "-pthread")


class Program(NamedTuple):
    """Where a program is: in this package of Debian, at this path. `beside` it loads at run time."""

    package: str
    path: str
    beside: tuple[str, ...] = ()


_RSYSLOG = "usr/lib/x86_64-linux-gnu/rsyslog"
PROGRAMS: Mapping[str, Program] = {
    "busybox": Program("busybox-static", "bin/busybox"),
    "dmesg": Program("util-linux", "bin/dmesg"),
    "dmsetup": Program("dmsetup", "sbin/dmsetup"),
    "ethtool": Program("ethtool", "sbin/ethtool"),
    "fsck.ext4": Program("e2fsprogs", "sbin/fsck.ext4"),
    "fsfreeze": Program("util-linux", "sbin/fsfreeze"),
    "grub-mkimage": Program("grub-common", "usr/bin/grub-mkimage"),
    "kexec": Program("kexec-tools", "sbin/kexec"),
    "makedumpfile": Program("makedumpfile", "usr/bin/makedumpfile"),
    "mdadm": Program("mdadm", "sbin/mdadm"),
    "mkfs.ext4": Program("e2fsprogs", "sbin/mkfs.ext4"),
    "mmdebstrap": Program("mmdebstrap", "usr/bin/mmdebstrap"),
    "mkfs.xfs": Program("xfsprogs", "sbin/mkfs.xfs"),
    "mount.nfs": Program("nfs-common", "sbin/mount.nfs"),
    "nft": Program("nftables", "usr/sbin/nft"),
    "rsyslogd": Program(
        "rsyslog", "usr/sbin/rsyslogd", tuple(f"{_RSYSLOG}/{each}.so" for each in ("lmnet", "imklog", "imuxsock"))
    ),
    "tc": Program("iproute2", "sbin/tc"),
    "debugfs": Program("e2fsprogs", "sbin/debugfs"),
    "veritysetup": Program("cryptsetup-bin", "sbin/veritysetup"),
}  # fmt: skip


class Unpacked(NamedTuple):
    """A program on this machine: its file, what it loads beside, and the folders of its packages."""

    path: Path
    beside: tuple[tuple[str, Path], ...]
    folders: tuple[Path, ...]


def files_of(name: str, home: Path) -> tuple[File, ...]:
    """What must be put into a guest so that `name` runs there: the program and its libraries.

    It goes to the path where this machine or the package has it. Raises UsageError when neither has
    it or the package cannot be had.
    """
    found = _locate(name, home)
    target = "/" + PROGRAMS[name].path if name in PROGRAMS else str(found.path)
    files = {target: found.path}
    for place, path in found.beside:
        files[place] = path
    for path in tuple(files.values()):
        files |= _libraries(path, found.folders, home)
    return tuple(File(path=place, data=path.read_bytes(), mode=0o755) for place, path in files.items())


def on_host(name: str, home: Path) -> tuple[str, dict[str, str]]:
    """A program to run on this machine: its path, and the environment that lets it find its libraries."""
    found = _locate(name, home)
    environment = {"PATH": _PATH, "LC_ALL": "C"}
    if found.folders:
        environment["LD_LIBRARY_PATH"] = ":".join(_library_folders(found.folders))
    return str(found.path), environment


def unpacked(package: str, home: Path) -> Path:
    """The folder that holds the files of a package of Debian, fetched when it is not there yet."""
    return _package(package, home)


def busybox(home: Path) -> bytes:
    """A busybox that needs no libraries: this machine's if it is static, else of busybox-static."""
    for place in ("/usr/bin/busybox", "/bin/busybox"):
        if os.access(place, os.R_OK) and is_static(data := Path(place).read_bytes()):
            return data
    return (_package("busybox-static", home) / "bin/busybox").read_bytes()


def misbehave(home: Path) -> bytes:
    """The program of guest/misbehave.c, which the faults run."""
    return compiled("misbehave", home)


def compiled(name: str, home: Path) -> bytes:
    """A program of guest/, compiled statically: the one that came with the package, or made here.

    Both are named by the digest of their source, so that neither can be of another.
    """
    source, file = _source(name)
    if (packaged := _GUEST / file).exists():
        return packaged.read_bytes()
    built = home / "vm/programs" / file
    if not built.exists():
        with locked(home / "vm/programs/.lock"):
            if not built.exists():
                _compile(name, source, built)
    return built.read_bytes()


def compile_for_package() -> list[str]:
    """Compile the programs of guest/ beside their sources; the names of those that could not be."""
    failed = []
    for path in sorted(_GUEST.glob("*.c")):
        source, file = _source(path.stem)
        for stale in _GUEST.glob(f"{path.stem}-*{_BUILT}"):
            if stale.name != file:
                stale.unlink()
        try:
            if not (_GUEST / file).exists():
                _compile(path.stem, source, _GUEST / file)
        except UsageError:
            failed.append(path.stem)
    return failed


def _source(name: str) -> tuple[bytes, str]:
    source = (_GUEST / f"{name}.c").read_bytes()
    digest = hashlib.sha256(b"\0".join((source, *(flag.encode() for flag in _CFLAGS)))).hexdigest()
    return source, f"{name}-{digest[:16]}{_BUILT}"


def _compile(name: str, source: bytes, built: Path) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise UsageError(f"guest/{name}.c needs a C compiler here (Debian: gcc and libc6-dev)")
    partial = built.with_suffix(".partial")
    result = subprocess.run(
        # openpty() is in libutil before glibc 2.34
        [compiler, *_CFLAGS, "-o", partial, "-x", "c", "-", "-lutil"],
        input=source,
        capture_output=True,
        check=False,
    )
    if result.returncode:
        said = result.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise UsageError(f"{compiler} could not compile guest/{name}.c: {said[-1]}")
    partial.rename(built)


def is_static(data: bytes) -> bool:
    """Whether these are the bytes of a 64-bit ELF program that needs no loader and no libraries."""
    if data[:5] != b"\x7fELF\x02" or len(data) < 64:
        return False
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    if size < 4 or not 0 < count <= 64 or offset + size * count > len(data):
        return False
    # No program header names an interpreter (elf(5): PT_INTERP is 3).
    return all(struct.unpack_from("<I", data, offset + size * number)[0] != 3 for number in range(count))


def _locate(name: str, home: Path) -> Unpacked:
    here = shutil.which(name, path=_PATH)
    known = PROGRAMS.get(name)
    if here is not None and Path(here).resolve().name != "busybox":
        beside = known.beside if known else ()
        if all(Path("/", each).exists() for each in beside):
            # Not resolved: what mke2fs makes depends on the name by which it is called.
            return Unpacked(Path(here), tuple(("/" + each, Path("/", each)) for each in beside), ())
    if known is None:
        raise UsageError(f"no program {name} on this machine, and no package of Debian is known for it")
    folder = _package(known.package, home)
    # Since /bin is a link to /usr/bin, packages of later releases hold it there.
    path = next((each for each in (folder / known.path, folder / "usr" / known.path) if each.exists()), None)
    if path is None:
        raise UsageError(f"Debian's package {known.package} holds no {known.path}")
    beside_it = tuple(("/" + each, folder / each) for each in known.beside)
    folders = [folder]
    missing = _missing(path, folders)
    for each in _dependencies(folder.name):
        if not missing:
            break
        folders.append(_package(each, home))
        missing = _missing(path, folders)
    if missing:
        raise UsageError(f"{name} needs {missing[0]}, which neither this machine nor its packages hold")
    return Unpacked(path, beside_it, tuple(folders))


def _dependencies(package: str) -> Iterator[str]:
    """The library packages that this one depends on, and those that they do, nearest first."""
    waiting, seen = [package], {package}
    while waiting:
        printed = _apt("apt-cache", "depends", "--no-recommends", "--no-suggests", waiting.pop(0)).stdout
        for each in re.findall(r"Depends: (lib[a-z0-9.+-]+)", printed):
            if each not in seen:
                seen.add(each)
                waiting.append(each)
                yield each


def _package(name: str, home: Path) -> Path:
    """The folder that holds this package's files, fetched and unpacked when it is not there yet."""
    folder = home / "vm/programs" / name
    with locked(home / "vm/programs/.lock"):
        if folder.exists():
            return folder
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            result = _apt("apt-get", "download", "-q", name, folder=work)
            found = sorted(Path(work).glob("*.deb"))
            if not found:
                said = result.stderr.strip().splitlines() or ["no reason given"]
                raise UsageError(f"apt-get download {name}: {said[-1]}")
            unpacked = Path(work, "files")
            subprocess.run(["dpkg-deb", "-x", found[-1], unpacked], check=True)
            unpacked.rename(folder)
    return folder


def _apt(*command: str, folder: str = "/") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": _PATH, "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise UsageError(
            f"{command[-1]} is not installed here, and without {command[0]} its package cannot be fetched"
        ) from error


def _library_folders(folders: tuple[Path, ...] | list[Path]) -> list[str]:
    places = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib", "lib")
    return [str(folder / place) for folder in folders for place in places if (folder / place).is_dir()]


def loads(program: Path, folders: tuple[Path, ...] | list[Path] = ()) -> Iterator[tuple[str, str]]:
    """The libraries that a program loads, each with where it is found ("" when nowhere)."""
    printed = subprocess.run(
        ["ldd", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": _PATH, "LC_ALL": "C", "LD_LIBRARY_PATH": ":".join(_library_folders(folders))},
    ).stdout
    for line in printed.splitlines():
        words = line.split()
        if line.endswith("not found"):
            yield words[0], ""
        elif "=>" in words and words[2].startswith("/"):
            yield words[0], words[2]
        elif words and words[0].startswith("/"):
            yield words[0], words[0]


def _missing(program: Path, folders: list[Path]) -> list[str]:
    return [name for name, place in loads(program, folders) if not place]


def _libraries(program: Path, folders: tuple[Path, ...], home: Path) -> dict[str, Path]:
    """The libraries that a program loads, by the path at which a guest's loader looks for them."""
    unpacked = home / "vm/programs"
    found: dict[str, Path] = {}
    for name, place in loads(program, folders):
        path = Path(place)
        if not place or path.name != Path(name).name:
            continue
        if path.is_relative_to(unpacked):
            # home/vm/programs/PACKAGE/usr/lib/…
            place = "/" + str(Path(*path.relative_to(unpacked).parts[1:]))
        found[place] = path
    return found
