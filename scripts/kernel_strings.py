"""What Debian's kernels can print, held against the catalogue of event kinds.

Fetches the newest 6.1 and 6.12 amd64 kernel packages with apt-get download, takes the strings out of
the kernel image and every module, and keeps them compressed. A pattern of the catalogue whose release
range holds such a kernel must then be found among its strings, unless the pattern says why not.

    python scripts/kernel_strings.py            fetch, and say what was kept
    python scripts/kernel_strings.py --report   what these kernels cannot print, and every disagreement
    python scripts/kernel_strings.py --find TEXT   the strings that hold TEXT
"""

import argparse
import fcntl
import os
import re
import struct
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard

from kernward.kernels.decompress import decompressed
from kernward.kernels.image import vmlinux_inside

if TYPE_CHECKING:
    from kernward.events.kind import Pattern

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "kernels"
SERIES = ("6.1", "6.12")


class Unavailable(Exception):
    """The kernels cannot be had here; the message is one sentence that says why."""


# --- The packages -------------------------------------------------------------------------------


def newest_package(series: str) -> str:
    """The name of the newest signed amd64 kernel package of this series in the archive."""
    # 6.1 is Debian 12's own kernel (linux-image-6.1.0-47-amd64), 6.12 is a backport whose packages
    # carry the release (linux-image-6.12.117+deb12-amd64).
    pattern = rf"linux-image-{re.escape(series)}\.(\d+)(?:-(\d+)|\+deb\d+)-amd64"
    found = [match for name in _package_names(series) if (match := re.fullmatch(pattern, name))]
    if not found and os.geteuid() == 0:
        # A machine made a minute ago, as in CI, has no package lists yet.
        subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False)
        found = [match for name in _package_names(series) if (match := re.fullmatch(pattern, name))]
    if not found:
        raise Unavailable(f"apt knows no linux-image-{series}.*-amd64 package here (apt-get update?).")
    return max(found, key=lambda match: (int(match[1]), int(match[2] or 0)))[0]


def _package_names(series: str) -> list[str]:
    try:
        printed = subprocess.run(
            ["apt-cache", "pkgnames", f"linux-image-{series}."], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as problem:
        raise Unavailable(f"apt-cache cannot be asked for kernel packages: {problem}.") from problem
    return printed.split()


def fetch(package: str) -> Path:
    """The package file in the cache, downloaded when it is not there yet."""
    CACHE.mkdir(parents=True, exist_ok=True)
    found = sorted(CACHE.glob(f"{package}_*.deb"))
    if not found:
        try:
            result = subprocess.run(
                ["apt-get", "download", "-q", "-o", "Acquire::Retries=1", package],
                cwd=CACHE,
                capture_output=True,
                text=True,
                timeout=300,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise Unavailable(f"{package} cannot be downloaded with apt-get: {problem}.") from problem
        found = sorted(CACHE.glob(f"{package}_*.deb"))
        if not found:
            reason = (result.stderr.strip().splitlines() or ["apt-get gave no reason"])[-1]
            raise Unavailable(f"{package} cannot be downloaded with apt-get: {reason}.")
    return found[-1]


# --- Strings ------------------------------------------------------------------------------------

# Formats open with KERN_SOH and a level and may hold tabs and line ends.
_PRINTABLE = re.compile(rb"[\t\n\x20-\x7e]{6,}")


def strings_of(elf: bytes) -> Iterator[bytes]:
    """The printable strings of what an ELF file loads, its code left out."""
    (table,) = struct.unpack_from("<Q", elf, 0x28)
    size, count = struct.unpack_from("<HH", elf, 0x3A)
    if not count:
        yield from _PRINTABLE.findall(elf)
        return
    for number in range(count):
        kind, flags = struct.unpack_from("<IQ", elf, table + number * size + 4)
        offset, length = struct.unpack_from("<QQ", elf, table + number * size + 24)
        occupies_file, loaded, executable = kind not in (0, 8), flags & 2, flags & 4
        if occupies_file and loaded and not executable:
            yield from _PRINTABLE.findall(elf, offset, offset + length)


def strings_of_package(package: Path) -> bytes:
    """All strings of the kernel image and the modules in a package, each once, NUL between them."""
    found: set[bytes] = set()
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as unpacking,
        tarfile.open(fileobj=unpacking.stdout, mode="r|") as files,
    ):
        for member in files:
            if not member.isfile():
                continue
            name = member.name
            is_image = "/boot/vmlinuz-" in name
            if not is_image and ".ko" not in name:
                continue
            opened = files.extractfile(member)
            assert opened is not None
            data = opened.read()
            found.update(strings_of(vmlinux_inside(data) if is_image else decompressed(data)))
    return b"\0".join(sorted(found))


@dataclass(frozen=True)
class KernelStrings:
    """One kernel's strings. `version` is (6, 12, 117)."""

    package: str
    version: tuple[int, ...]
    strings: bytes

    def holds(self, text: str) -> bool:
        return text.encode() in self.strings

    def holding(self, text: str) -> list[str]:
        """The strings that hold a text."""
        pattern = re.compile(rb"[^\0]*" + re.escape(text.encode()) + rb"[^\0]*")
        return [match.decode() for match in pattern.findall(self.strings)]


def version_of(text: str) -> tuple[int, ...]:
    """`6.12.117-1~deb12u1`, `6.12` or `v6.12-rc1` as numbers."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", text)
    if not match:
        raise ValueError(f"{text!r} is no kernel release")
    return tuple(int(part) for part in match[1].split("."))


def kernel(series: str) -> KernelStrings:
    """The strings of the newest kernel of a series, from the cache or made now."""
    CACHE.mkdir(parents=True, exist_ok=True)
    # Of two test processes, one works and the other waits.
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _kernel(series)


def _kernel(series: str) -> KernelStrings:
    kept = sorted(CACHE.glob(f"strings-{series}.*.zst"))
    try:
        package = fetch(newest_package(series))
    except Unavailable:
        # Without a network, what was kept earlier is good enough.
        if not kept:
            raise
        path = kept[-1]
    else:
        path = CACHE / f"strings-{package.name.split('_')[1]}.zst"
        if path not in kept:
            data = zstandard.ZstdCompressor(level=6).compress(strings_of_package(package))
            partial = path.with_suffix(".partial")
            partial.write_bytes(data)
            partial.replace(path)
    release = path.name.removeprefix("strings-").removesuffix(".zst")
    with zstandard.ZstdDecompressor().stream_reader(BytesIO(path.read_bytes())) as reader:
        return KernelStrings(release, version_of(release), reader.read())


def kernels() -> list[KernelStrings]:
    """The kernels the catalogue is held against."""
    return [kernel(series) for series in SERIES]


# --- The catalogue ------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What a kernel's strings say about a pattern."""

    PRINTS = "prints"
    OUT_OF_RANGE = "out of range"  # The pattern belongs to other releases.
    CANNOT = "cannot print"  # As the pattern says, with the reason it gives.
    UNDECIDED = "cannot tell"  # Not printed for a reason, but the text says too little to prove it.
    MISSING = "missing"  # Should be there and is not: wording, release range or reason is wrong.
    PRESENT = "present"  # Should not be there and is: the reason is wrong.


# From this length on, a text of several words that is found is taken to be the message itself.
PHRASE = 18

WRONG = (Verdict.MISSING, Verdict.PRESENT)


def in_range(pattern: "Pattern", version: tuple[int, ...]) -> bool:
    """Whether a release lies between `since` and `until`, both included with all their stable updates."""
    if pattern.since is not None and version < version_of(pattern.since):
        return False
    if pattern.until is not None:
        until = version_of(pattern.until)
        return version[: len(until)] <= until
    return True


def excused(pattern: "Pattern", version: tuple[int, ...]) -> bool:
    """Whether `unprinted` speaks of this release: of all, unless it says "Debian's 6.1 kernels"."""
    if pattern.unprinted is None:
        return False
    named = re.search(r"Debian's (\d+\.\d+) ", pattern.unprinted)
    return named is None or version[:2] == version_of(named[1])


def judge(pattern: "Pattern", of: KernelStrings) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict on a pattern, and the texts it rests on."""
    texts = pattern.printed or (pattern.literal,)
    if not in_range(pattern, of.version):
        return Verdict.OUT_OF_RANGE, texts
    absent = tuple(text for text in texts if not of.holds(text))
    if not excused(pattern, of.version):
        return (Verdict.MISSING, absent) if absent else (Verdict.PRINTS, texts)
    if absent:
        return Verdict.CANNOT, absent
    # A short text or a single word is found somewhere in any kernel; only a phrase proves anything.
    if any(len(text) >= PHRASE and " " in text.strip() for text in texts):
        return Verdict.PRESENT, texts
    return Verdict.UNDECIDED, texts


@dataclass(frozen=True)
class Judgement:
    kind: str
    pattern: "Pattern"
    kernel: KernelStrings
    verdict: Verdict
    texts: tuple[str, ...]

    def __str__(self) -> str:
        texts = ", ".join(map(repr, self.texts))
        match self.verdict:
            case Verdict.MISSING:
                return f"{self.kind}: not among the strings of {self.kernel.package}: {texts}"
            case Verdict.PRESENT:
                return (
                    f"{self.kind}: {self.kernel.package} holds {texts}, "
                    f"although it is said not to: {self.pattern.unprinted}"
                )
        return f"{self.kind}: {self.verdict} by {self.kernel.package}: {texts}"


def judgements(of: list[KernelStrings]) -> list[Judgement]:
    """Every pattern of the catalogue against every kernel."""
    from kernward.events.index import kinds

    return [
        Judgement(kind.id, pattern, each, *judge(pattern, each))
        for kind in kinds()
        for pattern in kind.patterns
        for each in of
    ]


def cannot_print(all_: list[Judgement]) -> dict[str, list[str]]:
    """The kinds of which none of the kernels can print anything, with the reasons."""
    reasons: dict[str, list[str]] = {}
    printed = {each.kind for each in all_ if each.verdict is Verdict.PRINTS}
    for each in all_:
        if each.kind in printed:
            continue
        pattern = each.pattern
        reason = pattern.unprinted or (
            f"worded like this from {pattern.since or 'ever'} to {pattern.until or 'now'}"
            if each.verdict is Verdict.OUT_OF_RANGE
            else "its text is missing"
        )
        if reason not in reasons.setdefault(each.kind, []):
            reasons[each.kind].append(reason)
    return reasons


def report(of: list[KernelStrings]) -> int:
    """Print what the kernels cannot print and what is wrong; the number of disagreements."""
    all_ = judgements(of)
    reasons = cannot_print(all_)
    names = " and ".join(each.package for each in of)
    print(f"{len({each.kind for each in all_})} kinds against {names}.")
    print(f"\n{len(reasons)} kinds that neither can print:")
    for kind, why in sorted(reasons.items()):
        print(f"  {kind}: {'; '.join(why)}")
    wrong = [each for each in all_ if each.verdict in WRONG]
    undecided = [each for each in all_ if each.verdict is Verdict.UNDECIDED]
    wider = [
        each
        for each in all_
        if each.verdict is Verdict.OUT_OF_RANGE
        and all(each.kernel.holds(text) for text in each.pattern.printed or (each.pattern.literal,))
    ]
    for title, group in (
        ("said not to be printed, which these strings can neither prove nor refute", undecided),
        ("in a kernel outside the release range they are given (another pattern may print it)", wider),
        ("disagreements", wrong),
    ):
        print(f"\n{len(group)} {title}:")
        for each in group:
            print(f"  {each}")
    return len(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("--report", action="store_true", help="hold the catalogue against the kernels")
    parser.add_argument("--find", metavar="TEXT", help="print the strings that hold TEXT")
    arguments = parser.parse_args()
    try:
        of = kernels()
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        return 2
    if arguments.find:
        for each in of:
            for text in each.holding(arguments.find):
                print(f"{each.package}: {text!r}")
        return 0
    if arguments.report:
        return 1 if report(of) else 0
    for each in of:
        print(f"{each.package}: {len(each.strings):,} bytes, {each.strings.count(0) + 1:,} strings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
