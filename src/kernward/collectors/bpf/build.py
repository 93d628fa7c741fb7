"""Compiles programs/NAME.bpf.c to objects, one for each tier that its first comment names.

The package is built with clang at hand, and brings the objects; where there was none it is built without
them, and a measurement says so. Compiled again are only objects that are older than their sources.
"""

import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kernward.records.errors import InputError

PROGRAMS = Path(__file__).parent / "programs"
# Tier: the macro of measure.h that chooses it. The value is also the object's middle name.
TIERS = {"tp_btf": "TP_BTF", "raw_tp": "RAW_TP", "tracepoint": "TRACEPOINT", "kprobe": "KPROBE"}
_ARCHITECTURES = {"x86_64": "x86", "aarch64": "arm64", "arm64": "arm64"}
_HEADERS = ("kernel_types.h", "measure.h", "spells.h")
# -mcpu=v3 is what Linux 5.1 understands; atomic instructions that return something came with 5.12.
_FLAGS = ("-g", "-O2", "-target", "bpf", "-mcpu=v3")


def tiers(source: Path) -> tuple[str, ...]:
    """The tiers that a source can be compiled for, the best first."""
    try:
        found = re.search(r"^/\* tiers: ([a-z_ ]+)$", source.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return ()
    return tuple(found[1].split()) if found else ()


def made(name: str, tier: str) -> Path:
    """Where the object of this program and tier is for this machine, whether it was made or not."""
    return PROGRAMS / f"{name}.{tier}.{platform.machine()}.bpf.o"


def sources() -> Iterator[Path]:
    """All sources, by name."""
    yield from sorted(PROGRAMS.glob("*.bpf.c"))


def compile_all() -> str:
    """Make what is missing or old. Returns "" when all is there, else why not, in one sentence."""
    clang = shutil.which("clang")
    architecture = _ARCHITECTURES.get(platform.machine())
    if clang is None:
        return "clang is not installed, so the eBPF measurements were left out"
    if architecture is None:
        return f"the eBPF measurements are not made for {platform.machine()}"
    try:
        for source in sources():
            for tier in tiers(source):
                _compile(clang, architecture, source, tier)
    except InputError as error:
        return str(error)
    return ""


def warnings(source: Path, tier: str, architecture: str) -> str:
    """What clang finds fault with in a source, which a newer clang may do without its being wrong."""
    command = (
        *("clang", *_FLAGS, "-fsyntax-only", "-Wall", "-Wextra", "-Wno-unused-parameter"),
        *(f"-D__TARGET_ARCH_{architecture}", f"-D{TIERS[tier]}", str(source)),
    )
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def _compile(clang: str, architecture: str, source: Path, tier: str) -> None:
    target = made(source.name.removesuffix(".bpf.c"), tier)
    newest = max(each.stat().st_mtime for each in (source, *(PROGRAMS / name for name in _HEADERS)))
    if target.is_file() and target.stat().st_mtime >= newest:
        return
    fresh = target.with_suffix(".new")
    command = [
        clang,
        *_FLAGS,
        f"-D__TARGET_ARCH_{architecture}",
        f"-D{TIERS[tier]}",
        "-c",
        str(source),
        "-o",
        str(fresh),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        fresh.unlink(missing_ok=True)
        first = next((line for line in done.stderr.splitlines() if "error:" in line), "").strip()
        missing = "bpf/bpf_helpers.h" in first
        raise InputError(
            "libbpf's headers (libbpf-dev) are not installed, so the eBPF measurements were left out"
            if missing
            else f"{source.name} cannot be compiled for {tier}: {first or 'clang gave no reason'}"
        )
    strip = shutil.which("llvm-strip")
    if strip is not None:
        # What is for debuggers; the types that the loader needs stay.
        subprocess.run([strip, "-g", str(fresh)], capture_output=True, check=False)
    fresh.replace(target)


if __name__ == "__main__":
    raise SystemExit(compile_all() or None)
