"""syscalls: which system calls a process makes, how long they take, how many fail."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import NO_DURATIONS, Counted, Durations
from kernward.collectors.measurement import Measurement, attached_only
from kernward.collectors.quantity import counter, fact
from kernward.collectors.source import EntitySource
from kernward.collectors.syscall_names import call_name


class SystemCalls(msgspec.Struct, frozen=True):
    """Of one process."""

    comm: Annotated[str | None, fact("its name")] = None
    calls: Annotated[
        int | None, counter("", "system calls that returned", "trace_sys_exit() in kernel/entry/common.c")
    ] = None
    call_s: Annotated[float | None, counter("s", "time in them, sleeping included")] = None
    errors: Annotated[int | None, counter("", "those that returned an error")] = None
    calls_by_name: Annotated[Mapping[str, int] | None, counter("", "calls, by name")] = None
    by_name_s: Annotated[Mapping[str, float] | None, counter("s", "call_s, by name")] = None
    errors_by_name: Annotated[Mapping[str, int] | None, counter("", "errors, by name")] = None
    histogram: Annotated[
        tuple[int, ...] | None, counter("", "calls by length: below 2 µs, 4 µs, 8 µs and so on")
    ] = None


SOURCE: EntitySource[SystemCalls] = EntitySource(
    name="syscalls",
    doc="Which system calls a process makes, how long they take, which fail.",
    files=("eBPF",),
    record=SystemCalls,
    read=attached_only("syscalls"),
    scope="process",
    when="measured",
)


# Calls of a process that are named, the longest first; the rest is in the sums.
_NAMED = 40


def decode(counted: Counted) -> Mapping[str, SystemCalls]:
    """By process."""
    rows: dict[int, list[tuple[int, Durations, int]]] = {}
    for (tgid, number), (took, errors) in counted.rows("totals", "II", ("durations", "sum")):
        rows.setdefault(tgid, []).append((number, took, errors))
    found: dict[str, SystemCalls] = {}
    for tgid, calls in rows.items():
        calls.sort(key=lambda call: call[1].total_s, reverse=True)
        together = NO_DURATIONS
        for _, took, _ in calls:
            together = together.plus(took)
        named = [(call_name(number), took, errors) for number, took, errors in calls[:_NAMED]]
        found[str(tgid)] = SystemCalls(
            comm=counted.comm(tgid),
            calls=together.number,
            call_s=together.total_s,
            errors=sum(errors for _, _, errors in calls),
            calls_by_name={name: took.number for name, took, _ in named},
            by_name_s={name: took.total_s for name, took, _ in named},
            errors_by_name={name: errors for name, _, errors in named if errors},
            histogram=together.items,
        )
    return found


MEASUREMENT = Measurement(
    source=SOURCE,
    program="syscalls",
    fields=("sys_enter.id", "sys_exit.ret"),
    decode=decode,
    standing=False,
    cost="about 180 ns a system call in two hooks, and each call takes the slow way into the kernel: dear where there are a million a second",
    caveats=(
        "A call counts when it returns; time in it includes sleeping.",
        "Calls of 32-bit programs have other numbers, and are named wrongly.",
        "What seccomp or ptrace refuse before the call is not in it.",
    ),
)
