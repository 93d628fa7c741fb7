"""Root file systems of tier 2: ext4 images made from Debian's archive with mmdebstrap, or from a folder.

No image is mounted and no mirror is named here: packages come from where this machine's apt takes them,
and mke2fs fills the file system. As root that is done directly, otherwise in a user namespace. An image
is kept under `home`/vm/roots by the digest of what was asked for; machines write to views of it.
"""

import hashlib
import os
import re
import shlex
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kernward.kernels.lock import locked
from kernward.records.errors import InputError, UsageError
from kernward.vm import programs

# Part of every digest: images are made anew when the way they are made changes.
REVISION = 1
BUILD_S = 900
# What a test bed has no use for, and what only root may make and the kernel makes itself (devtmpfs).
_LEFT_OUT = (
    "./usr/share/doc/*",
    "./usr/share/man/*",
    "./usr/share/locale/*",
    "./usr/share/info/*",
    "./dev/*",
)
# metadata_csum_seed and orphan_file are young: GRUB, and kernels before 5.15, cannot read them.
_FEATURES = "^metadata_csum_seed,^orphan_file"
_NAME = re.compile(r"[a-z0-9][a-z0-9.+:~-]*")
# What runs here, and the package of Debian that has it.
_TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "tar": "tar",
    "qemu-img": "qemu-utils",
}
_NAMESPACE_TOOLS = {"unshare": "util-linux", "newuidmap": "uidmap"}
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def missing() -> tuple[tuple[str, str], ...]:
    """What this machine lacks for root images: (what, the package of Debian that has it)."""
    tools = _TOOLS if os.geteuid() == 0 else {**_TOOLS, **_NAMESPACE_TOOLS}
    lacks = [(what, package) for what, package in tools.items() if shutil.which(what, path=_PATH) is None]
    if not lacks and subprocess.run([*_as_root(), "true"], check=False, capture_output=True).returncode:
        lacks.append(("range of users in /etc/subuid and /etc/subgid, or no user namespace", "uidmap"))
    return tuple(lacks)


def make_root(
    home: Path,
    *,
    suite: str = "bookworm",
    packages: Sequence[str] = (),
    folder: Path | None = None,
    size_mb: int = 512,
) -> Path:
    """An ext4 image with Debian's essential packages and these, or with what is in `folder`.

    Made when it is not there yet; it must not be written to. Raises UsageError for a request that makes
    no sense, InputError when the packages cannot be had or do not fit into `size_mb`.
    """
    if folder is not None and packages:
        raise UsageError("a root image is made either from packages or from a folder, not from both")
    if not 4 <= size_mb <= 1 << 20:
        raise UsageError(f"a root image of {size_mb} MB cannot be made: between 4 MB and 1 TB can")
    if folder is not None:
        request: tuple[str, ...] = ("folder", str(size_mb), folder_digest(folder))
    else:
        request = ("packages", str(size_mb), suite, *sorted(packages))
    made = home / "vm/roots" / f"{digest(*request)}.img"
    with locked(made.with_suffix(".lock")):
        if not made.exists():
            archives = [] if folder is not None else [debian(home, suite=suite, packages=packages)]
            with workplace(made) as work:
                file_system(made, work=work, size_mb=size_mb, home=home, archives=archives, folder=folder)
    return made


def debian(home: Path, *, suite: str, packages: Sequence[str]) -> Path:
    """A tar archive of Debian's essential packages and these, configured; made when it is not there yet."""
    for name in (suite, *packages):
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is not the name of a suite or package of Debian")
    made = home / "vm/roots" / f"{digest('debian', suite, *sorted(packages))}.tar"
    with locked(made.with_suffix(".lock")):
        if made.exists():
            return made
        program, environment = programs.on_host("mmdebstrap", home)
        mode = "root" if os.geteuid() == 0 else "unshare"
        include = [f"--include={','.join(packages)}"] if packages else []
        with workplace(made) as work, (work / "root.tar").open("wb") as partial:
            if mode == "root":
                environment |= {"TMPDIR": str(work)}
            # To standard output, and with a temporary folder of its own: in its namespace it is another
            # user, who need not get to ours.
            _run(
                [program, "--quiet", f"--mode={mode}", "--variant=essential", "--format=tar", *include,
                 "--dpkgopt=force-unsafe-io", *_apt_options(), suite, "-", "-"],
                f"a root of {suite} could not be made",
                environment=environment,
                stdin="".join(f"{line}\n" for line in sources(suite)),
                stdout=partial,
            )  # fmt: skip
            (work / "root.tar").rename(made)
    return made


@contextmanager
def workplace(made: Path) -> Iterator[Path]:
    """A folder beside what is being made, for its parts; whoever holds the lock of `made` may have one.

    What an owner that was killed has left there goes first.
    """
    for left in made.parent.glob(f"{made.stem}.work-*"):
        _remove(left)
    work = Path(tempfile.mkdtemp(dir=made.parent, prefix=f"{made.stem}.work-"))
    try:
        yield work
    finally:
        _remove(work)


def file_system(
    image: Path,
    *,
    work: Path,
    size_mb: int,
    home: Path,
    archives: Sequence[Path] = (),
    folder: Path | None = None,
    first: bytes = b"",
    then: Sequence[str] = (),
) -> None:
    """Write a raw image that holds an ext4 file system behind the bytes `first`.

    It is filled from `folder`, or from tar archives unpacked one over the other, in which the shell
    commands `then` are run. `work` is an empty folder for the parts; the image gets its name when it is whole.
    """
    program, environment = programs.on_host("mkfs.ext4", home)
    identity = digest(image.name)
    format_it = [
        program, "-q", "-F", "-O", _FEATURES, "-m", "0",
        "-U", f"{identity[:8]}-{identity[8:12]}-4{identity[13:16]}-8{identity[17:20]}-{identity[20:32]}",
        "-E", f"offset={len(first)},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,nodiscard",
    ]  # fmt: skip
    if size_mb >= 64:
        # mke2fs would take 16 MB and more, which is written for nothing in a machine of minutes.
        format_it += ["-J", "size=8"]
    partial = work / "image"
    with partial.open("wb") as file:
        file.write(first)
        file.truncate(len(first) + (size_mb << 20))
    tree = folder.absolute() if folder is not None else work / "tree"
    script = ["set -e"]
    if folder is None:
        script.append(f"mkdir {shlex.quote(str(tree))}")
        left_out = shlex.join(f"--exclude={pattern}" for pattern in _LEFT_OUT)
        for archive in archives:
            script.append(
                f"tar -x -p --numeric-owner --keep-directory-symlink --anchored {left_out} "
                f"-f {shlex.quote(str(archive))} -C {shlex.quote(str(tree))}"
            )
        script += [f"cd {shlex.quote(str(tree))}", *then]
    script.append(shlex.join([*format_it, "-d", str(tree), str(partial), f"{size_mb}M"]))
    _run(
        [*_as_root(owners=folder is None), "sh", "-c", "\n".join(script)],
        f"an ext4 image of {size_mb} MB could not be made",
        environment=environment,
    )
    partial.rename(image)


def sources(suite: str, printed: str | None = None) -> list[str]:
    """The lines of sources.list by which this machine's apt takes packages of a suite and its updates.

    `printed` is what apt-get indextargets says, asked for when it is not given.
    """
    if printed is None:
        printed = _apt_says(
            "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)",
            "Created-By: Packages",
        )  # fmt: skip
    found: dict[tuple[str, str], list[str]] = {}
    for line in printed.splitlines():
        words = line.split()
        if len(words) != 4:
            continue
        address, release, codename, component = words
        if re.fullmatch(re.escape(suite) + r"(-updates|-security)?", codename) or release == suite:
            components = found.setdefault((address, release), [])
            if component not in components:
                components.append(component)
    if not any("main" in components for components in found.values()):
        raise InputError(
            f"apt on this machine has no sources for {suite}: add some, and run apt-get update, or name another suite"
        )
    return [f"deb {address} {release} {' '.join(parts)}" for (address, release), parts in found.items()]


def folder_digest(folder: Path) -> str:
    """A digest of all that an image of this folder would hold."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: a root image is made from a folder, and this is none")
    sha = hashlib.sha256()
    for path, state in _walk(folder):
        sha.update(
            os.fsencode(path.relative_to(folder))
            + f"\0{state.st_mode:o} {state.st_uid} {state.st_gid}\0".encode()
        )
        try:
            if stat.S_ISREG(state.st_mode):
                sha.update(file_digest(path).encode())
            elif stat.S_ISLNK(state.st_mode):
                sha.update(os.fsencode(path.readlink()) + b"\0")
            elif stat.S_ISBLK(state.st_mode) or stat.S_ISCHR(state.st_mode):
                sha.update(f"{state.st_rdev}\0".encode())
        except OSError as error:
            raise InputError(f"{path}: cannot be read into a root image: {error.strerror}") from error
    return sha.hexdigest()


def file_digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*words: str) -> str:
    """A name for a request: 32 hexadecimal digits."""
    return hashlib.sha256("\0".join((str(REVISION), *words)).encode()).hexdigest()[:32]


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in sorted(folder.iterdir()):
        state = path.lstat()
        yield path, state
        if stat.S_ISDIR(state.st_mode):
            yield from _walk(path)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        # In a namespace the files have other owners, whom only its root can remove.
        subprocess.run([*_as_root(), "rm", "-rf", str(folder)], check=False, capture_output=True)


def _as_root(*, owners: bool = True) -> list[str]:
    """What makes a command see itself as root; with `owners` it may also give files to other users."""
    if os.geteuid() == 0:
        return []
    return ["unshare", "--user", "--map-root-user", *(["--map-auto"] if owners else []), "--"]


def _apt_options() -> Iterable[str]:
    """How this machine's apt reaches its mirrors, and whose signatures it trusts beyond the usual."""
    for line in _apt_says("apt-config", "dump").splitlines():
        if re.match(r"Acquire::(https?|ftp)::Proxy(::\S+)? ", line):
            yield f"--aptopt={line}"
    places = (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*")))
    keyrings: dict[str, None] = {}
    for place in places:
        try:
            text = place.read_text("utf-8", "replace")
        except OSError:
            continue
        for found in re.findall(r"(?im)^[^#\n]*\bsigned-by\s*[:=]\s*(/[^\s\],]+)", text):
            if Path(found).is_file():
                keyrings[found] = None
    for path in keyrings:
        yield f"--keyring={path}"


def _apt_says(*command: str) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env={"PATH": _PATH, "LC_ALL": "C"}
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(f"{command[0]} could not be asked where packages come from: {error}") from error


def _run(
    command: list[str],
    what: str,
    *,
    environment: dict[str, str],
    stdin: str = "",
    stdout: IO[bytes] | None = None,
) -> None:
    try:
        result = subprocess.run(
            command,
            input=stdin.encode(),
            stdout=stdout or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            env=environment,
            timeout=BUILD_S,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{what} within {BUILD_S} s") from error
    except OSError as error:
        raise InputError(f"{what}: {command[0]}: {error.strerror}") from error
    if result.returncode:
        lines = [line.strip() for line in result.stderr.decode(errors="replace").splitlines() if line.strip()]
        said = [line for line in lines if re.match(r"E:|[\w.+-]+: ", line)]
        raise InputError(f"{what}: {(said or lines or ['no reason given'])[-1]}")
