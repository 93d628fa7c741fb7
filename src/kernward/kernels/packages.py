"""The cache of packages: fetched with apt-get, checked, and unpacked without being installed.

What is under home/kernels/packages is whole: a package file has the SHA-256 that the archive's lists
give, and a folder appears with all its files or not at all. Two processes that want the same package
fetch it once. An ordinary user can do all of this.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path

import msgspec

from kernward.kernels import deb
from kernward.kernels.archive import Package
from kernward.kernels.lock import locked
from kernward.kernels.scratch import scratch
from kernward.records.errors import InputError

_RECEIPT = "package.json"
_CONTENT = "content"
# A mirror that sends nothing for this long is given up; a slow one is not.
_SILENCE_S = 30
_FETCH_S = 3600


def folder(home: Path) -> Path:
    """Where packages are kept."""
    return home / "kernels" / "packages"


def _files(home: Path) -> Path:
    return home / "kernels" / "files"


def obtain(package: Package, home: Path, *, fetch: bool = True) -> Path:
    """The folder with the package's files, fetched and unpacked where it is not yet.

    Raises InputError where it cannot be had, or is not here and `fetch` is false.
    """
    place = folder(home) / package.stem
    if unpacked := _whole(place):
        return unpacked
    with locked(folder(home) / f".{package.stem}.lock"):
        if unpacked := _whole(place):
            return unpacked
        file = _file(package, home, fetch)
        _unpack(file, place, package)
    return place / _CONTENT


def unpacked(home: Path) -> list[tuple[Package, Path]]:
    """The packages of the archive that are here, each with the folder of its files."""
    return _unpacked(folder(home))


def unpacked_files(home: Path) -> list[tuple[Package, Path]]:
    """The package files that somebody named before, each with the folder of its files."""
    return _unpacked(_files(home))


def _unpacked(place: Path) -> list[tuple[Package, Path]]:
    found = []
    for receipt in sorted(place.glob(f"*/{_RECEIPT}")):
        try:
            package = msgspec.json.decode(receipt.read_bytes(), type=Package)
        except (OSError, msgspec.DecodeError):
            continue
        found.append((package, receipt.parent / _CONTENT))
    return found


def is_here(package: Package, home: Path) -> bool:
    """Whether nothing would have to be fetched."""
    return _whole(folder(home) / package.stem) is not None or (folder(home) / f"{package.stem}.deb").is_file()


def unpack_file(file: Path, home: Path) -> Path:
    """The folder with the files of a package file that somebody has; kept by the file's SHA-256."""
    try:
        digest = _sha256(file)
        size_bytes = file.stat().st_size
    except OSError as error:
        raise InputError(f"{file}: the package cannot be read: {error.strerror or error}") from error
    place = _files(home) / digest
    if unpacked := _whole(place):
        return unpacked
    with locked(place.parent / f".{digest}.lock"):
        if unpacked := _whole(place):
            return unpacked
        fields = deb.control(file)
        package = Package(
            name=fields.get("Package", ""),
            version=fields.get("Version", ""),
            architecture=fields.get("Architecture", ""),
            size_bytes=size_bytes,
            sha256=digest,
        )
        _unpack(file, place, package)
    return place / _CONTENT


def receipt(content: Path) -> Package:
    """What a folder was unpacked from."""
    return msgspec.json.decode((content.parent / _RECEIPT).read_bytes(), type=Package)


def _whole(place: Path) -> Path | None:
    return place / _CONTENT if (place / _RECEIPT).is_file() else None


def _file(package: Package, home: Path, fetch: bool) -> Path:
    """The package's file, checked; fetched where it is missing or damaged."""
    file = folder(home) / f"{package.stem}.deb"
    if file.is_file():
        if _sha256(file) == package.sha256:
            return file
        file.unlink()
    if not fetch:
        raise InputError(
            f"{package.name} {package.version} is not in the cache, and fetching it "
            f"({package.size_bytes / 1e6:.0f} MB) was not asked for"
        )
    with scratch(file) as into:
        into.mkdir()
        reason = _download(package, into)
        fetched = next(iter(sorted(into.glob("*.deb"))), None)
        if fetched is None:
            raise InputError(f"{package.name} {package.version} cannot be fetched with apt-get: {reason}")
        if (digest := _sha256(fetched)) != package.sha256:
            raise InputError(
                f"{package.name} {package.version} was fetched damaged: its SHA-256 is {digest}, "
                f"and apt's lists say {package.sha256}"
            )
        fetched.replace(file)
    return file


def _download(package: Package, into: Path) -> str:
    """Let apt-get put the package's file into a folder; what it said went wrong."""
    options = ["-o", "Acquire::Retries=1"]
    for scheme in ("http", "https"):
        options += ["-o", f"Acquire::{scheme}::Timeout={_SILENCE_S}"]
    try:
        result = subprocess.run(
            ["apt-get", "download", "-q", *options, f"{package.name}={package.version}"],
            cwd=into,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_FETCH_S,
            check=False,
        )
    except OSError as error:
        return error.strerror or str(error)
    except subprocess.TimeoutExpired:
        return f"it was not done after {_FETCH_S} s"
    errors = [line for line in result.stderr.splitlines() if line.startswith("E:")]
    reason = errors[0].removeprefix("E:").strip() if errors else f"exit status {result.returncode}"
    # The archive drops a package when its successor comes.
    return f"{reason} (apt's lists may be old: apt-get update)" if " 404 " in reason else reason


def _unpack(file: Path, place: Path, package: Package) -> None:
    """Unpack a package file into a folder that appears when all is there. The lock must be held."""
    with scratch(place) as new:
        deb.unpack(file, new / _CONTENT)
        (new / _RECEIPT).write_bytes(msgspec.json.encode(package))
        shutil.rmtree(place, ignore_errors=True)
        new.rename(place)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
