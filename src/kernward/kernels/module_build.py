"""Out-of-tree modules, built for one kernel and kept.

A module is named by the digest of its source and of the kernel it is for, so it is built once,
whoever asks. Warnings are errors. It is built in a folder of its own: the source folder is only
read, and no path of this machine gets into the module.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from kernward.kernels.find import with_headers
from kernward.kernels.kernel import Kernel
from kernward.kernels.lock import locked
from kernward.kernels.scratch import scratch
from kernward.records.errors import InputError, UsageError

_BUILD_S = 900
_SOURCE_BYTES = 64 << 20
_MADE = re.compile(
    r".*\.(?:o|ko|mod|mod\.c|cmd|order|symvers|a|d|dwo)|\..*\.cmd|\.tmp_.*|modules\.order|Module\.symvers"
)
# Debian's headers name the compiler: "CC = … $(CROSS_COMPILE)gcc-12".
_COMPILER = re.compile(r"^\s*(?:override\s+)?CC\s*[:?]?=\s*(?P<words>.+)$", re.MULTILINE)
_GCC = re.compile(r"(?:[\w-]+-)?(?:gcc|clang)(?:-\d+)?")
# Of what make and modpost print, what stands for something wrong with the source.
_WRONG = re.compile(r"(?:\berror\b|^ERROR|^WARNING: modpost|undefined!|\*\*\*)", re.MULTILINE)


def build_module(source_folder: Path, kernel: Kernel, home: Path) -> Path:
    """The .ko that the sources of a folder make for a kernel; built now, or kept from before.

    The folder holds *.c and a Makefile or Kbuild with one module in it. Needs make and the compiler
    that the kernel's headers name. Raises InputError in one sentence, with the compiler's first error.
    """
    sources = _sources(source_folder)
    kernel = with_headers(kernel, home)
    headers = kernel.headers
    assert headers is not None
    digest = _digest(sources, kernel, headers)
    place = home / "kernels" / "modules" / digest
    if module := _module(place):
        return module
    with locked(place.with_name(f".{digest}.lock")):
        if module := _module(place):
            return module
        compiler = _needed_compiler(headers)
        for program in ("make", compiler):
            if shutil.which(program) is None:
                raise InputError(
                    f"{source_folder.name} cannot be built for {kernel.release}: {program} is not installed "
                    f"(apt-get install {program})"
                )
        with scratch(place) as new:
            folder = new.with_name("build")
            for name, data in sources:
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            module = _make(source_folder, folder, kernel, headers)
            new.mkdir()
            module.rename(new / module.name)
            new.rename(place)
    return place / module.name


def _sources(folder: Path) -> list[tuple[str, bytes]]:
    """The files of a source folder, without what a build in it left behind."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: the source of a module is a folder with *.c and a Makefile or Kbuild")
    found = []
    size_bytes = 0
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _MADE.fullmatch(path.name):
                size_bytes += path.stat().st_size
                if size_bytes > _SOURCE_BYTES:
                    raise UsageError(
                        f"{folder}: more than {_SOURCE_BYTES >> 20} MB: not the source of a module"
                    )
                found.append((str(path.relative_to(folder)), path.read_bytes()))
    except OSError as error:
        raise InputError(f"{folder}: the module's source cannot be read: {error}") from error
    names = {name for name, _ in found}
    if not names & {"Makefile", "Kbuild"}:
        raise UsageError(f"{folder}: no Makefile or Kbuild says what is to be built (obj-m := name.o)")
    return found


def _digest(sources: list[tuple[str, bytes]], kernel: Kernel, headers: Path) -> str:
    digest = hashlib.sha256()
    for part in (kernel.release, kernel.version or "", kernel.package_version or ""):
        digest.update(part.encode() + b"\0")
    # What a module must agree with; builds of one release may differ in them.
    for name in ("Module.symvers", ".config"):
        try:
            digest.update(hashlib.sha256((headers / name).read_bytes()).digest())
        except OSError:
            digest.update(b"\0")
    for name, data in sources:
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()[:32]


def _module(place: Path) -> Path | None:
    return next(iter(sorted(place.glob("*.ko"))), None)


def _needed_compiler(headers: Path) -> str:
    """The compiler that the headers name, or that the kernel was built with."""
    if _is_built_with_clang(headers):
        return "clang"
    try:
        text = (headers / ".kernelvariables").read_text("utf-8", "replace")
    except OSError:
        return "gcc"
    named = [name for match in _COMPILER.finditer(text) for name in _GCC.findall(match["words"])]
    return next((name for name in named if shutil.which(name)), named[0] if named else "gcc")


def _is_built_with_clang(headers: Path) -> bool:
    try:
        return "\nCONFIG_CC_IS_CLANG=y\n" in (headers / ".config").read_text("utf-8", "replace")
    except OSError:
        return False


def _make(source_folder: Path, folder: Path, kernel: Kernel, headers: Path) -> Path:
    # Make's own variables from outside (MAKEFLAGS of an outer make, ARCH, CC) must not change the module.
    environment = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "CCACHE_DIR")
    }
    environment["LC_ALL"] = "C"
    command = [
        "make",
        "-s",
        "-C",
        str(headers),
        f"M={folder}",
        f"KCFLAGS=-Werror -ffile-prefix-map={folder}/={source_folder.name}/",
        "modules",
    ]
    if _is_built_with_clang(headers):
        command.append("LLVM=1")
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_BUILD_S,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"{source_folder.name} was not built for {kernel.release} in {_BUILD_S} s"
        ) from error
    said = [line.strip() for line in result.stderr.splitlines() if _WRONG.search(line)]
    if result.returncode or any(line.startswith("WARNING: modpost") for line in said):
        first = said[0] if said else (result.stderr.strip().splitlines() or ["make gave no reason"])[-1]
        raise InputError(
            f"{source_folder.name} cannot be built for {kernel.release}: {first.replace(f'{folder}/', '')}"
        )
    made = sorted(folder.rglob("*.ko"))
    if len(made) != 1:
        names = ", ".join(path.name for path in made) or "none"
        raise InputError(f"{source_folder.name} must make one module, and makes {names}")
    return made[0]
