"""`vm build`: a kernel made from source, small and with the options that a test needs.

Every build of one name uses one folder of objects, home/vm/builds/NAME/objects, so that the second one
compiles what changed; what it makes appears under home/kernels/built/NAME all at once, and the same
request again is answered from there. A build that fails leaves the kernel of before in place.

The compiling is tuxmake's (with ccache where it is installed), run as a process of its own. The options
are not: `make allnoconfig` over the merged fragments leaves off whatever nobody asked for, which keeps
the build short.
"""

import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import msgspec

from kernward.kernels import find
from kernward.kernels.kernel import Kernel
from kernward.kernels.lock import locked
from kernward.records.errors import InputError, UsageError
from kernward.vm import kernel_options, kernel_source
from kernward.vm.kernel_options import Fragment
from kernward.vm.kernel_source import Source

Architecture = Literal["x86_64", "um"]

# What finds most faults, in one kernel that is quick enough to work with; and what watches every memory
# access, in one of its own: it makes a kernel slow, and hides from the others what it reports first. That
# one needs little else, so it is built on the smaller base, without debug information.
DEBUG = ("debug", "lockdep", "kmemleak", "lkdtm", "fault-injection", "debug-info")
SANITIZED = ("tiny", "kasan", "ubsan", "lkdtm")

# Changes when the same request would be built otherwise, so that what is in the cache is not taken for it.
_RECIPE = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}")
_MANIFEST = "manifest.json"
_CONFIGURE_S = 600
# Between two calls of a progress callback.
_EVERY_S = 0.25

# Programs and headers that a build needs, with Debian's packages.
_PROGRAMS = {
    "make": "make",
    "gcc": "gcc",
    "ld": "binutils",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "tar": "tar",
}
_HEADERS = {"gelf.h": "libelf-dev"}

# One line for each file that Kbuild makes: "  CC      kernel/fork.o", "  LD [M]  fs/9p/9p.ko".
_STEP = re.compile(r" {2}([A-Z][A-Z0-9_+-]*(?: \[M\])?) +(\S+)\n?")
_ERRORS = (
    re.compile(r"(?P<at>[^\s:]+): (?P<text>.*No space left on device.*)"),
    re.compile(r"(?P<at>[^\s:]+:\d+)(?::\d+)?: (?:fatal )?error: (?P<text>.+)"),
    # A compiler that was killed, an object that objtool refuses.
    re.compile(r"(?P<at>[^\s:]+): (?:fatal )?[Ee]rror: (?P<text>.+)"),
    re.compile(r"(?P<at>[^\s:]+): (?:in function `[^']*': )?(?P<text>undefined reference to .+)"),
    re.compile(r"(?P<at>ERROR: modpost): (?P<text>.+)"),
    re.compile(r"(?P<at>Makefile:\d+|[^\s:]*Kconfig[^\s:]*:\d+|/bin/sh: \d+): (?P<text>.+)"),
    re.compile(r"(?P<at>make)(?:\[\d+\])?: \*\*\* (?P<text>.+)"),
)


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a build is."""

    # What is being done: "unpacking …", "configuring", "CC kernel/fork.o", "installing".
    doing: str
    # How many files Kbuild has made, and how many it made the last time all were made (None: not known).
    made: int
    expected: int | None
    elapsed_s: float


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a built kernel is made of; written beside it."""

    name: str
    release: str
    architecture: Architecture
    source: str
    source_version: str
    base: str
    fragments: tuple[str, ...]
    # Of the source, the options, the compiler and the way it is built.
    digest: str
    # A sentence for each wish of the fragments that does not hold.
    unmet: tuple[str, ...]
    compiler: str
    built_at: datetime
    build_s: float
    # How many files Kbuild made.
    made: int


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    architecture: Architecture
    source: Source
    base: Fragment
    fragments: tuple[Fragment, ...]
    compiler: str
    digest: str
    options: Mapping[str, str]
    # Of the folder of objects and all that is beside it.
    place: Path
    built: Path

    @property
    def objects(self) -> Path:
        return self.place / "objects"

    @property
    def folders(self) -> tuple[Path, Path]:
        return self.source.folder, self.objects

    @property
    def log(self) -> Path:
        return self.place / "tuxmake" / "build.log"


def build(
    source: str | Path,
    *,
    name: str | None = None,
    fragments: Sequence[str | Path] = (),
    base: str | Path | None = None,
    architecture: Architecture = "x86_64",
    home: Path,
    jobs: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Kernel:
    """The kernel of these options, built now or kept from before; `manifest_of` tells what it is made of.

    `source` is a kernel tree, a tarball or a Debian package ("linux-source-6.1"); each of `fragments` is
    one of `kernel_options.names()` or a file of CONFIG_ lines, and so is `base`. The name, by default made
    of the fragments and the series, is what `kernels.find` takes ("built:debug-6.1"). An architecture of
    "um" makes a user-mode kernel, which `uml.run` runs.

    Raises UsageError for a request that makes no sense, InputError with the first error where the source
    cannot be had, configured or compiled.
    """
    begun = time.monotonic()

    def say(doing: str, made: int = 0, expected: int | None = None) -> None:
        if progress is not None:
            progress(Progress(doing=doing, made=made, expected=expected, elapsed_s=time.monotonic() - begun))

    request = _request(source, name, fragments, base, architecture, home, say)
    if not _is_built(request):
        with locked(request.place.with_name(f".{request.place.name}.lock")):
            if not _is_built(request):
                _make(request, jobs or os.cpu_count() or 1, say, begun)
    return _kernel(request.built, architecture)


def manifest_of(kernel: Kernel) -> Manifest:
    """What a kernel was built from. Raises InputError for one that was not built here."""
    try:
        data = kernel.image.with_name(_MANIFEST).read_bytes()
        return msgspec.json.decode(data, type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{kernel.image}: no {_MANIFEST} beside it says what it was built from") from error


def unmet_wishes(
    source: str | Path,
    *,
    fragments: Sequence[str | Path] = (),
    base: str | Path | None = None,
    architecture: Architecture = "x86_64",
    home: Path,
) -> list[str]:
    """A sentence for each wish of the fragments and the base that would not hold; nothing is compiled.

    What the base wants is not counted where the release does not know it. Raises what `build` raises.
    """
    request = _request(source, "asked", fragments, base, architecture, home, lambda doing: None)
    with tempfile.TemporaryDirectory(prefix="kernward-build-") as folder:
        elsewhere = msgspec.structs.replace(request, place=Path(folder))
        elsewhere.objects.mkdir()
        _configure(elsewhere)
        return _unmet(elsewhere)


def missing() -> list[tuple[str, str]]:
    """What a build needs and this machine lacks, each with the package that brings it."""
    lacking = [(program, package) for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    if shutil.which("gcc"):
        lacking += [(header, package) for header, package in _HEADERS.items() if not _has_header(header)]
    if find_spec("tuxmake") is None:
        lacking.append(("tuxmake", "kernward[build] with pip"))
    return lacking


def _request(
    source: str | Path,
    name: str | None,
    fragments: Sequence[str | Path],
    base: str | Path | None,
    architecture: Architecture,
    home: Path,
    say: Callable[[str], None],
) -> _Request:
    base = base or kernel_options.BASES[architecture]
    # Read before the source is fetched: a fragment's name that is wrong is said at once.
    chosen = tuple(kernel_options.read(each) for each in fragments)
    chosen_base = kernel_options.read(base)
    if name is not None and not _NAME.fullmatch(name):
        raise UsageError(f"{name!r}: a kernel's name has letters, digits, '.', '_', '+' and '-', at most 40")
    if architecture == "x86_64" and platform.machine() != "x86_64":
        raise UsageError(
            f"kernels for x86_64 are built on x86_64 only, and this machine is {platform.machine()}"
        )
    compiler = _compiler()
    found = kernel_source.obtain(source, home, say)
    if name is None:
        series = ".".join(found.version.split(".")[:2])
        name = "-".join(
            [*(re.sub(r"[^A-Za-z0-9._+-]", "-", Path(each.name).stem) for each in chosen), series]
        )
        if not _NAME.fullmatch(name):
            raise UsageError("so many fragments make no name for a kernel: give one")
    # A program of this machine and a machine's kernel may have one name.
    kind = "" if architecture == "x86_64" else "-um"
    options = kernel_options.merge([chosen_base, *chosen])
    options["LOCALVERSION"] = f'"-{name}"'
    return _Request(
        name=name,
        architecture=architecture,
        source=found,
        base=chosen_base,
        fragments=chosen,
        compiler=compiler,
        digest=_digest(found, architecture, compiler, options),
        options=options,
        place=home / "vm" / f"builds{kind}" / name,
        built=home / "kernels" / f"built{kind}" / name,
    )


def _has_header(header: str) -> bool:
    command = ["gcc", "-E", "-x", "c", "-include", header, "/dev/null"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _compiler() -> str:
    if lacking := missing():
        ways = [f"install {package}" for package in dict.fromkeys(package for _, package in lacking)]
        raise InputError(
            f"kernels cannot be built here, for {', '.join(each for each, _ in lacking)} is missing: "
            f"{', '.join(ways)}"
        )
    printed = subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=False).stdout
    return (printed.splitlines() or ["gcc"])[0]


def _digest(source: Source, architecture: str, compiler: str, options: Mapping[str, str]) -> str:
    wanted = [_RECIPE, source.digest, architecture, compiler, sorted(options.items())]
    return hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()


def _is_built(request: _Request) -> bool:
    try:
        made = msgspec.json.decode((request.built / _MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return False
    return made.digest == request.digest and (request.built / "image").is_file()


def _kernel(folder: Path, architecture: Architecture) -> Kernel:
    if architecture == "x86_64":
        return find.of_built(folder)
    about = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=Manifest)
    return Kernel(
        release=about.release,
        image=folder / "image",
        origin="built",
        version=None,
        config=folder / "config",
        system_map=folder / "System.map",
        symbols=folder / "vmlinux" if (folder / "vmlinux").is_file() else None,
    )


def _make(request: _Request, jobs: int, say: Callable[..., None], begun: float) -> None:
    """Configure, compile and put into place. The lock of the name must be held."""
    _prepare_objects(request)
    say("configuring")
    _configure(request)
    unmet = _unmet(request)
    made = _compile(request, jobs, say)
    say("installing", made, made)
    release = (request.objects / "include/config/kernel.release").read_text().strip()
    about = Manifest(
        name=request.name,
        release=release,
        architecture=request.architecture,
        source=request.source.said,
        source_version=request.source.version,
        base=request.base.name,
        fragments=tuple(each.name for each in request.fragments),
        digest=request.digest,
        unmet=tuple(unmet),
        compiler=request.compiler,
        built_at=datetime.now(UTC),
        build_s=round(time.monotonic() - begun, 1),
        made=made,
    )
    _publish(request, about)


def _prepare_objects(request: _Request) -> None:
    """An empty folder of objects, or that of a build of the same source by the same compiler."""
    made_of = request.place / "objects-of"
    here = f"{request.source.folder}\n{request.source.version}\n{request.compiler}\n{request.architecture}\n"
    if not made_of.is_file() or made_of.read_text() != here:
        shutil.rmtree(request.objects, ignore_errors=True)
    request.objects.mkdir(parents=True, exist_ok=True)
    made_of.write_text(here)


def _configure(request: _Request) -> None:
    wanted = request.place / "wanted.config"
    wanted.write_text(kernel_options.written(request.options))
    before = _bytes(request.objects / ".config")
    state = (request.objects / ".config").stat() if before is not None else None
    command = [
        "make",
        "-C",
        str(request.source.folder),
        f"O={request.objects}",
        *_arch(request),
        "allnoconfig",
    ]
    environment = _environment() | {"KCONFIG_ALLCONFIG": str(wanted)}
    try:
        result = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_CONFIGURE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{request.name}: the kernel was not configured in {_CONFIGURE_S} s") from error
    log = request.place / "configure.log"
    log.write_text(result.stdout)
    if result.returncode or not (request.objects / ".config").is_file():
        first = first_error(result.stdout, request.folders)
        raise InputError(f"kernel {request.name} cannot be configured: {first} (log: {log})")
    # The time of .config decides whether Kbuild looks at everything again.
    if state is not None and _bytes(request.objects / ".config") == before:
        os.utime(request.objects / ".config", ns=(state.st_atime_ns, state.st_mtime_ns))


def _unmet(request: _Request) -> list[str]:
    """Which wishes do not hold in the .config that was made."""
    config = _final_options(request.objects / ".config")
    sentences = kernel_options.unmet(request.fragments, config, request.source.folder, request.source.version)
    # Where a fragment switches off what the base has (tiny), much that depends on it goes too, as it should.
    wanted = kernel_options.merge(request.fragments)
    if not any(wanted.get(option) == "n" for option, value in request.base.options.items() if value != "n"):
        sentences += kernel_options.unmet(
            [request.base], config, request.source.folder, request.source.version, known_only=True
        )
    return sentences


def _arch(request: _Request) -> list[str]:
    # Without it Kbuild takes this machine's, with the compiler's plain name, as modules built later will.
    return ["ARCH=um"] if request.architecture == "um" else []


def _final_options(path: Path) -> dict[str, str]:
    # As written, with quotes: fragments are written so too.
    options = {}
    for line in path.read_text("utf-8", "replace").splitlines():
        name, equals, value = line.partition("=")
        if equals and name.startswith("CONFIG_"):
            options[name.removeprefix("CONFIG_")] = value
    return options


def _compile(request: _Request, jobs: int, say: Callable[..., None]) -> int:
    """Run tuxmake; how many files were made."""
    output = request.place / "tuxmake"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    command = [
        sys.executable,
        "-m",
        "tuxmake",
        f"--directory={request.source.folder}",
        f"--build-dir={request.objects}",
        f"--output-dir={output}",
        f"--jobs={jobs}",
        "--compression-type=none",
        "--verbose",
        "--fail-fast",
        "--color=never",
    ]
    if request.architecture == "um":
        command += ["--target-arch=um"]
    if shutil.which("ccache"):
        command += ["--wrapper=ccache"]
    environment = _environment()
    # The image says when its source was made, and by a number which request it answers: nothing in it
    # changes from one build of a request to the next.
    made_at = datetime.fromtimestamp((request.source.folder / "Makefile").stat().st_mtime, UTC)
    for variable, value in {
        "KBUILD_BUILD_TIMESTAMP": f"{made_at:%a %b %e %H:%M:%S UTC %Y}",
        "KBUILD_BUILD_VERSION": str(int(request.digest[:8], 16) % 100000),
        "KBUILD_BUILD_USER": "kernward",
        "KBUILD_BUILD_HOST": "kernward",
        # Set and empty: no "+" behind the release of a tree that is kept in git.
        "LOCALVERSION": "",
    }.items():
        command.append(f"--environment={variable}={value}")
    command += ["kernel", "modules"] if request.options.get("MODULES") == "y" else ["kernel"]
    expected = _expected(request)
    made = 0
    said = 0.0
    with _running(command, environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if step := _STEP.fullmatch(line):
                made += 1
                if time.monotonic() - said >= _EVERY_S:
                    said = time.monotonic()
                    say(f"{step[1]} {step[2]}", made, expected)
    if process.returncode:
        text = request.log.read_text("utf-8", "replace") if request.log.is_file() else ""
        first = first_error(text, request.folders)
        raise InputError(f"kernel {request.name} did not build: {first} (log: {request.log})")
    return made


def _environment() -> dict[str, str]:
    """Nothing of an outer make, and no options of the user's own for tuxmake."""
    kept = ("PATH", "HOME", "TMPDIR", "CCACHE_DIR", "CCACHE_DISABLE", "CCACHE_MAXSIZE", "LANG", "PYTHONPATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "LC_ALL": "C",
        "XDG_CONFIG_HOME": "/nonexistent",
        # tuxmake's lines are to come as they are written.
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def _running(command: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process with all that it starts; none of it goes on when this is left, or this process is killed."""
    if shutil.which("setpriv"):
        # tuxmake ends its make when it gets SIGTERM, and make its compilers.
        command = ["setpriv", "--pdeathsig", "TERM", *command]
    process = subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def first_error(text: str, folders: Sequence[Path] = ()) -> str:
    """The first error in what a build printed, without the paths of these folders."""
    lines = [line.strip() for line in text.splitlines()]
    for pattern in _ERRORS:
        for line in lines:
            if match := pattern.fullmatch(line):
                at = match["at"]
                for folder in folders:
                    at = at.removeprefix(f"{folder}/")
                return f"{at.removeprefix('../')}: {match['text']}"
    return next((line for line in reversed(lines) if line), "it gave no reason")


def _expected(request: _Request) -> int | None:
    """How many files the last build from scratch made."""
    try:
        return int((request.place / "made").read_text())
    except (OSError, ValueError):
        return None


def _publish(request: _Request, about: Manifest) -> None:
    """Let the kernel appear whole: a folder of its own, then the link that names it."""
    objects = request.objects
    folder = request.place / "kernels" / request.digest[:16]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    image = objects / ("linux" if request.architecture == "um" else "arch/x86/boot/bzImage")
    shutil.copy(image, folder / "image")
    shutil.copy(objects / ".config", folder / "config")
    shutil.copy(objects / "System.map", folder / "System.map")
    # Without debug information it says nothing that System.map does not.
    if _final_options(objects / ".config").get("DEBUG_INFO") == "y":
        shutil.copy(objects / "vmlinux", folder / "vmlinux")
    modules = objects / "modinstall" / "lib" / "modules"
    if modules.is_dir():
        shutil.move(modules, folder / "lib" / "modules")
        # They name this machine's paths; `build`, beside the image, is the same.
        for link in ("build", "source"):
            (folder / "lib/modules" / about.release / link).unlink(missing_ok=True)
    # The links are relative: a state folder may be moved, or shown under another path.
    (folder / "build").symlink_to(os.path.relpath(objects, folder))
    (folder / _MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(about), indent=2) + b"\n")
    if not (expected := _expected(request)) or about.made > expected:
        (request.place / "made").write_text(str(about.made))
    request.built.parent.mkdir(parents=True, exist_ok=True)
    new = request.built.with_name(f".{request.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(os.path.relpath(folder, new.parent))
    new.replace(request.built)
    for old in folder.parent.iterdir():
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
