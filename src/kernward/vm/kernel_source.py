"""Where the source of a kernel to build comes from: a tree, a tarball, or Debian's linux-source package.

Packages and tarballs are unpacked once, under home/vm/sources, by a digest of what they are; a tree is
built where it lies and only read. What a source is, is told by a digest that changes when it does.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from kernward.kernels import archive, packages
from kernward.kernels.lock import locked
from kernward.records.errors import InputError, UsageError

_PACKAGE = re.compile(r"(?:linux-source-)?(\d+\.\d+)")
_TARBALL = re.compile(r".+\.t(?:ar(?:\.(?:gz|xz|bz2|zst))?|gz|xz|bz2)")
_INSTALLED = Path("/usr/src")
_NUMBER = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*(\S*)[ \t]*$", re.MULTILINE)
_UNPACK_S = 1800


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel tree that can be built."""

    folder: Path
    # As make kernelversion prints it: 6.1.192.
    version: str
    # What it is, in words: "linux-source-6.1 6.1.192-2", or the tree's path.
    said: str
    digest: str


def obtain(wanted: str | Path, home: Path, say: Callable[[str], None]) -> Source:
    """The source that a person means: "linux-source-6.1" (or "6.1"), a tarball's path, a tree's path.

    `say` is told what takes long. Raises UsageError for what is none of them, InputError for what
    cannot be had.
    """
    path = Path(wanted).expanduser()
    if not path.exists() and (match := _PACKAGE.fullmatch(str(wanted))):
        return _package(f"linux-source-{match[1]}", home, say)
    if path.is_dir():
        return _tree(path.absolute())
    if path.is_file() and _TARBALL.fullmatch(path.name):
        digest = _sha256(path)
        folder = _unpacked(path, home / "vm" / "sources" / digest[:32], say)
        return Source(folder=folder, version=version_of(folder), said=str(path.absolute()), digest=digest)
    raise UsageError(
        f"{wanted}: not a kernel source: expected a source tree, a tarball (linux-6.12.tar.xz) "
        "or a package (linux-source-6.12)"
    )


def version_of(tree: Path) -> str:
    """What the tree's Makefile calls it. Raises InputError where it is no kernel tree."""
    try:
        with (tree / "Makefile").open(encoding="utf-8", errors="replace") as file:
            head = file.read(4096)
    except OSError as error:
        raise InputError(f"{tree}: not a kernel source tree: it has no Makefile") from error
    found: dict[str, str] = dict(_NUMBER.findall(head))
    if not found.get("VERSION", "").isdigit() or not found.get("PATCHLEVEL", "").isdigit():
        raise InputError(f"{tree}: not a kernel source tree: its Makefile gives no VERSION and PATCHLEVEL")
    numbers = [found[each] for each in ("VERSION", "PATCHLEVEL", "SUBLEVEL") if found.get(each)]
    return ".".join(numbers) + found.get("EXTRAVERSION", "")


def _tree(tree: Path) -> Source:
    version = version_of(tree)
    if not (tree / "Kconfig").is_file():
        raise InputError(f"{tree}: not a kernel source tree: it has no Kconfig")
    # Kbuild refuses it too (outputmakefile), many lines later.
    if (tree / ".config").exists() or (tree / "include" / "config").is_dir():
        raise InputError(f"{tree}: something was built inside the tree: run make -C {tree} mrproper first")
    # Thousands of files need not be read to see that none has changed since the last build.
    digest = hashlib.sha256(str(tree).encode())
    for folder, folders, files in os.walk(tree):
        folders[:] = sorted(each for each in folders if each != ".git")
        for name in sorted(files):
            try:
                state = os.lstat(os.path.join(folder, name))
            except OSError:
                continue
            digest.update(os.fsencode(f"{folder}/{name}\0{state.st_size}\0{state.st_mtime_ns}\n"))
    return Source(folder=tree, version=version, said=str(tree), digest=digest.hexdigest())


def _package(name: str, home: Path, say: Callable[[str], None]) -> Source:
    offered = archive.newest(name)
    installed = _installed(name)
    version = offered.version if offered else installed
    if version is None:
        kept = sorted((home / "vm" / "sources").glob(f"{name}_*"), key=lambda path: path.stat().st_mtime)
        if not kept:
            raise InputError(f"{name} is not here, and apt's lists do not offer it (apt-get update?)")
        version = kept[-1].name.removeprefix(f"{name}_")
    place = home / "vm" / "sources" / f"{name}_{version}"
    folder = _whole(place)
    if folder is None:
        if version == installed:
            tarball = _INSTALLED / f"{name}.tar.xz"
        else:
            assert offered is not None
            say(f"fetching {name} {version} ({offered.size_bytes / 1e6:.0f} MB)")
            tarball = packages.obtain(offered, home) / f"usr/src/{name}.tar.xz"
        folder = _unpacked(tarball, place, say)
    said = f"{name} {version}"
    return Source(
        folder=folder,
        version=version_of(folder),
        said=said,
        digest=hashlib.sha256(said.encode()).hexdigest(),
    )


def _installed(name: str) -> str | None:
    """The version of the package that is installed on this machine with its tarball."""
    if not (_INSTALLED / f"{name}.tar.xz").is_file():
        return None
    try:
        result = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return result.stdout or None


def _whole(place: Path) -> Path | None:
    """The tree in a place; it is there whole or not at all."""
    return next(iter(sorted(path for path in place.glob("*") if path.is_dir())), None)


def _unpacked(tarball: Path, place: Path, say: Callable[[str], None]) -> Path:
    """The tree in a tarball, unpacked unless it is already."""
    if folder := _whole(place):
        return folder
    with locked(place.with_name(f".{place.name}.lock")):
        if folder := _whole(place):
            return folder
        say(f"unpacking {tarball.name}")
        partial = place.with_name(f".{place.name}.unpacking")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            result = subprocess.run(
                ["tar", "-x", "--no-same-owner", "-f", tarball.absolute(), "-C", partial],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_UNPACK_S,
                check=False,
            )
            if result.returncode:
                said = (result.stderr.strip().splitlines() or [f"exit status {result.returncode}"])[0]
                raise InputError(f"{tarball}: the kernel source cannot be unpacked: {said}")
            folder = _whole(partial)
            if folder is None or len(list(partial.iterdir())) != 1:
                raise InputError(f"{tarball}: not a kernel source: expected one folder in the tarball")
            version_of(folder)
            partial.rename(place)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return place / folder.name


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: the tarball cannot be read: {error.strerror or error}") from error
