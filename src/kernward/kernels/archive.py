"""What the archive offers, as apt's lists on this machine say; nothing is fetched here.

apt is asked with apt-cache, so that its sources, its pins and its keys are those of the machine.
Where there is no apt, nothing is offered.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from kernward.records import kernel_release

_ASK_S = 60
# How many names one apt-cache call is given.
_BATCH = 200

# linux-image-6.1.0-56-cloud-amd64, linux-image-6.12.117+deb12-rt-amd64-unsigned: version, flavour,
# signature. linux-image-6.12-amd64 holds no kernel, it names the newest.
_IMAGE = re.compile(
    r"linux-image-(?P<release>(?P<abi>\d+\.\d+\.\d[\w.+~]*(?:-\d+)?)(?:-(?P<flavour>[a-z][a-z0-9]*))?-amd64)(?P<unsigned>-unsigned)?"
)
_DEPENDENCY = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.+-]+)(?::\w+)?(?:\s*\(\s*(?P<relation>[<>=]+)\s*(?P<version>[^)\s]+)\s*\))?"
)


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a package in the archive."""

    name: str
    version: str
    architecture: str
    size_bytes: int
    sha256: str
    # The text of Depends, as the archive has it.
    depends: str = ""

    @property
    def stem(self) -> str:
        """What apt calls the file, without .deb: the colon of an epoch is %3a there."""
        return f"{self.name}_{self.version.replace(':', '%3a')}_{self.architecture}"


class ImagePackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package that holds a kernel image."""

    release: str
    # "cloud", "rt", or "" for the ordinary one.
    flavour: str
    signed: bool
    package: Package


def image_packages(home: Path | None = None) -> list[ImagePackage]:
    """The kernels that the archive offers for x86-64, the newest first; of the same, the signed one first.

    apt takes a second to answer; under `home` the answer is kept until apt's lists change.
    """
    if home is None:
        return _image_packages()
    stamp = _stamp()
    kept = home / "kernels" / "offers.json"
    try:
        answer = msgspec.json.decode(kept.read_bytes(), type=_Answer)
        if answer.stamp == stamp:
            return answer.offers
    except (OSError, msgspec.DecodeError):
        pass
    offers = _image_packages()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_name(f".{kept.name}.{os.getpid()}")
        partial.write_bytes(msgspec.json.encode(_Answer(stamp, offers)))
        partial.replace(kept)
    except OSError:
        # A cache that cannot be written makes the next question slower, nothing else.
        pass
    return offers


class _Answer(msgspec.Struct, frozen=True):
    stamp: str
    offers: list[ImagePackage]


def _stamp() -> str:
    """Changes when apt's lists, sources or pins do."""
    parts = [os.environ.get("APT_CONFIG", "")]
    for line in _ask("apt-config", "shell", "LISTS", "Dir::State::lists/d", "ETC", "Dir::Etc/d").splitlines():
        place = Path(line.partition("=")[2].strip("'"))
        for path in sorted([place, *place.glob("*"), *place.glob("*.d/*")]):
            try:
                status = path.stat()
            except OSError:
                continue
            parts.append(f"{path} {status.st_mtime_ns} {status.st_size}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _image_packages() -> list[ImagePackage]:
    found = []
    for package in show([name for name in names("linux-image-") if _IMAGE.fullmatch(name)]):
        match = _IMAGE.fullmatch(package.name)
        if match and kernel_release.order(match["release"]):
            found.append(
                ImagePackage(
                    release=match["release"],
                    flavour=match["flavour"] or "",
                    signed=not match["unsigned"],
                    package=package,
                )
            )
    found.sort(
        key=lambda each: (newness(each.release), version_key(each.package.version), each.signed), reverse=True
    )
    return found


def flavour_of(release: str) -> str | None:
    """The flavour in a Debian release ("cloud", "rt", ""); None where it is not one of Debian's."""
    match = _IMAGE.fullmatch(f"linux-image-{release}")
    return match and (match["flavour"] or "")


def newness(release: str) -> kernel_release.Order:
    """Sorts releases from early to late; what is no release is earlier than any."""
    return kernel_release.order(release) or ((), 0, ())


def version_key(version: str) -> tuple[tuple[int, ...], ...]:
    """Sorts the versions of one package from early to late, by their numbers.

    The numbers alone are enough for kernel packages (6.1.176-1, 6.1.192-2, 6.12.117-1~deb12u1).
    """
    return tuple(tuple(int(number) for number in re.findall(r"\d+", part)) for part in version.split("-"))


def names(prefix: str) -> list[str]:
    """The names of packages that begin like this."""
    return _ask("apt-cache", "pkgnames", prefix).split()


def show(packages: Sequence[str]) -> Iterator[Package]:
    """All versions of these packages that a source offers (those that are only installed are left out)."""
    for start in range(0, len(packages), _BATCH):
        printed = _ask("apt-cache", "show", *packages[start : start + _BATCH])
        for stanza in printed.split("\n\n"):
            if package := _package(stanza):
                yield package


def newest(name: str, version: str | None = None) -> Package | None:
    """The newest version of a package (or that version); None where it is not offered."""
    offered = [
        each for each in show([name]) if each.name == name and (version is None or each.version == version)
    ]
    return max(offered, key=lambda each: version_key(each.version), default=None)


def dependencies(package: Package) -> Iterator[tuple[str, str | None, str | None]]:
    """Name, relation and version of what a package depends on; of alternatives, the first."""
    for item in package.depends.split(","):
        if match := _DEPENDENCY.match(item.strip()):
            yield match["name"], match["relation"], match["version"]


def _package(stanza: str) -> Package | None:
    fields: dict[str, str] = {}
    for line in stanza.split("\n"):
        key, colon, value = line.partition(": ")
        if colon and not line.startswith(" "):
            fields.setdefault(key, value.strip())
    try:
        return Package(
            name=fields["Package"],
            version=fields["Version"],
            architecture=fields["Architecture"],
            size_bytes=int(fields["Size"]),
            sha256=fields["SHA256"],
            depends=fields.get("Depends", ""),
        )
    except (KeyError, ValueError):
        return None


def _ask(*command: str) -> str:
    try:
        # apt-cache's exit status 100 says that some names are unknown; the rest is printed.
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_ASK_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
