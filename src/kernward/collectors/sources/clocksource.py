"""What the kernel reads the time from, and what it could read it from."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

FOLDER = "/sys/devices/system/clocksource/clocksource0"
_SHOW = "kernel/time/clocksource.c"
# Those that are read over a bus.
DEVICES = frozenset({b"acpi_pm", b"hpet", b"pit", b"jiffies", b"refined-jiffies"})


class Clocksource(msgspec.Struct, frozen=True):
    """`tsc`, `tsc hpet acpi_pm`: the available ones are in the order of their ratings, best first."""

    current: Annotated[
        str | None, fact("the clock source in use", f"current_clocksource_show() in {_SHOW}")
    ] = None
    available: Annotated[
        tuple[str, ...], fact("those there are", f"available_clocksource_show() in {_SHOW}")
    ] = ()
    virtual: Annotated[
        bool | None,
        fact(
            "the machine is a virtual one; read only when the time comes from a device",
            "X86_FEATURE_HYPERVISOR in arch/x86/include/asm/cpufeatures.h",
        ),
    ] = None


def read(root: Root) -> Clocksource:
    """The clock source."""
    current = root.read(f"{FOLDER}/current_clocksource", 4096).split()
    if len(current) != 1:
        raise Unavailable(f"{FOLDER}/current_clocksource", "it holds no name")
    available = (root.read_or_none(f"{FOLDER}/available_clocksource", 4096) or b"").split()
    return Clocksource(
        current[0].decode("utf-8", "backslashreplace"),
        tuple(each.decode("utf-8", "backslashreplace") for each in available),
        _virtual(root) if current[0] in DEVICES else None,
    )


def _virtual(root: Root) -> bool | None:
    """Whether the processor says so. /proc/cpuinfo is costly with many CPUs, and the first one will do."""
    data = root.read_or_none("/proc/cpuinfo")
    flags = next((line for line in (data or b"").splitlines() if line.startswith(b"flags")), None)
    return None if flags is None else b"hypervisor" in flags.split()


SOURCE = Source(
    name="clocksource",
    doc="What the kernel reads the time from.",
    files=(f"{FOLDER}/current_clocksource", f"{FOLDER}/available_clocksource"),
    record=Clocksource,
    read=read,
    when="check",
)
