"""syscalls: which system calls a process makes, how long they take, how many fail."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, fact
from kernward.collectors.source import EntitySource


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
        tuple[int, ...] | None, counter("", "calls; of how many by length, see collectors/durations.py")
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
