"""/proc/pressure: the time in which tasks waited for a CPU, for memory, for I/O (PSI)."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_SHOW = "psi_show() in kernel/sched/psi.c"
_SOME = "at least one task waited"
_FULL = "all tasks that were not idle waited at once"


class Pressure(msgspec.Struct, frozen=True):
    """`some avg10=91.34 avg60=89.19 avg300=81.43 total=8526304335`, total in microseconds.

    cpu_full of the whole machine is always 0: some task runs while others wait.
    """

    cpu_some_s: Annotated[float | None, counter("s", f"CPU: {_SOME}", _SHOW)] = None
    cpu_some_10s_percent: Annotated[float | None, gauge("%", f"CPU, last 10 s: {_SOME}", _SHOW)] = None
    cpu_some_60s_percent: Annotated[float | None, gauge("%", f"CPU, last 60 s: {_SOME}", _SHOW)] = None
    cpu_some_300s_percent: Annotated[float | None, gauge("%", f"CPU, last 300 s: {_SOME}", _SHOW)] = None
    memory_some_s: Annotated[float | None, counter("s", f"memory: {_SOME}", _SHOW)] = None
    memory_some_10s_percent: Annotated[float | None, gauge("%", f"memory, last 10 s: {_SOME}", _SHOW)] = None
    memory_some_60s_percent: Annotated[float | None, gauge("%", f"memory, last 60 s: {_SOME}", _SHOW)] = None
    memory_some_300s_percent: Annotated[float | None, gauge("%", f"memory, last 300 s: {_SOME}", _SHOW)] = (
        None
    )
    memory_full_s: Annotated[float | None, counter("s", f"memory: {_FULL}", _SHOW)] = None
    memory_full_10s_percent: Annotated[float | None, gauge("%", f"memory, last 10 s: {_FULL}", _SHOW)] = None
    memory_full_60s_percent: Annotated[float | None, gauge("%", f"memory, last 60 s: {_FULL}", _SHOW)] = None
    memory_full_300s_percent: Annotated[float | None, gauge("%", f"memory, last 300 s: {_FULL}", _SHOW)] = (
        None
    )
    io_some_s: Annotated[float | None, counter("s", f"I/O: {_SOME}", _SHOW)] = None
    io_some_10s_percent: Annotated[float | None, gauge("%", f"I/O, last 10 s: {_SOME}", _SHOW)] = None
    io_some_60s_percent: Annotated[float | None, gauge("%", f"I/O, last 60 s: {_SOME}", _SHOW)] = None
    io_some_300s_percent: Annotated[float | None, gauge("%", f"I/O, last 300 s: {_SOME}", _SHOW)] = None
    io_full_s: Annotated[float | None, counter("s", f"I/O: {_FULL}", _SHOW)] = None
    io_full_10s_percent: Annotated[float | None, gauge("%", f"I/O, last 10 s: {_FULL}", _SHOW)] = None
    io_full_60s_percent: Annotated[float | None, gauge("%", f"I/O, last 60 s: {_FULL}", _SHOW)] = None
    io_full_300s_percent: Annotated[float | None, gauge("%", f"I/O, last 300 s: {_FULL}", _SHOW)] = None
    irq_full_s: Annotated[
        float | None,
        counter("s", "interrupts and softirqs kept a CPU from its task (since 6.1)", "psi_account_irqtime()"),
    ] = None
    irq_full_10s_percent: Annotated[float | None, gauge("%", "the same, last 10 s", _SHOW)] = None


class Line(msgspec.Struct, frozen=True):
    """One line: shares of the last 10, 60 and 300 s in percent, and all time in seconds."""

    avg10: float | None = None
    avg60: float | None = None
    avg300: float | None = None
    total_s: float | None = None


NOTHING = Line()


def lines(data: bytes | None) -> tuple[Line, Line]:
    """The lines `some` and `full` of a file of pressure."""
    some = full = NOTHING
    for line in (data or b"").splitlines():
        words = line.split()
        try:
            # avg10= avg60= avg300= total=, in this order since 4.20
            found = Line(
                float(words[1][6:]), float(words[2][6:]), float(words[3][7:]), int(words[4][6:]) / 1e6
            )
        except (IndexError, ValueError, OverflowError):
            continue
        if words[0] == b"some":
            some = found
        elif words[0] == b"full":
            full = found
    return some, full


def read(root: Root) -> Pressure:
    """The pressure of the whole machine."""
    try:
        cpu = root.read("/proc/pressure/cpu", 4096)
    except Unavailable as error:
        raise Unavailable(
            error.path, f"{error.reason}: the kernel was built or started without PSI (psi=1 starts it)"
        ) from None
    cpu_some, _ = lines(cpu)
    memory_some, memory_full = lines(root.read_or_none("/proc/pressure/memory", 4096))
    io_some, io_full = lines(root.read_or_none("/proc/pressure/io", 4096))
    # Only with CONFIG_IRQ_TIME_ACCOUNTING, so that its absence says nothing.
    irq = root.read("/proc/pressure/irq", 4096) if root.exists("/proc/pressure/irq") else None
    _, irq_full = lines(irq)
    return Pressure(
        cpu_some.total_s,
        cpu_some.avg10,
        cpu_some.avg60,
        cpu_some.avg300,
        memory_some.total_s,
        memory_some.avg10,
        memory_some.avg60,
        memory_some.avg300,
        memory_full.total_s,
        memory_full.avg10,
        memory_full.avg60,
        memory_full.avg300,
        io_some.total_s,
        io_some.avg10,
        io_some.avg60,
        io_some.avg300,
        io_full.total_s,
        io_full.avg10,
        io_full.avg60,
        io_full.avg300,
        irq_full.total_s,
        irq_full.avg10,
    )


_FILES = {each: f"/proc/pressure/{each.partition('_')[0]}" for each in Pressure.__struct_fields__}

SOURCE = Source(
    name="pressure",
    doc="Pressure stall information: how long tasks waited for a CPU, for memory, for I/O.",
    files=("/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io", "/proc/pressure/irq"),
    record=Pressure,
    read=read,
    file_of=_FILES.get,
)
