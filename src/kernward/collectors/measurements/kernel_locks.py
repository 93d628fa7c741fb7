"""kernel-locks: which locks of the kernel are contended, in which function, and who holds them."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.source import EntitySource


class KernelLock(msgspec.Struct, frozen=True):
    """Of one function and kind of lock, named KIND:FUNCTION."""

    kind: Annotated[
        str | None,
        fact("spin, read, write, mutex, rwsem, percpu, rt", "LCB_F_SPIN … in include/trace/events/lock.h"),
    ] = None
    function: Annotated[str | None, fact("the function that waits for the lock")] = None
    stack: Annotated[str | None, fact("the stack of a waiter, joined by ;")] = None
    waits: Annotated[
        int | None,
        counter("", "times somebody waited", "contention_begin and contention_end, since Linux 5.19"),
    ] = None
    wait_s: Annotated[float | None, counter("s", "how long they waited together")] = None
    wait_histogram: Annotated[
        tuple[int, ...] | None, counter("", "waits; of how many by length, see collectors/durations.py")
    ] = None
    by_process_s: Annotated[Mapping[str, float] | None, counter("s", "wait_s, by process as comm[pid]")] = (
        None
    )
    holder: Annotated[
        str | None, fact("who held it last when somebody had to wait, comm[pid]; mutexes and rwsems only")
    ] = None
    longest_s: Annotated[float | None, gauge("s", "the longest wait")] = None


SOURCE: EntitySource[KernelLock] = EntitySource(
    name="kernel-locks",
    doc="Which locks of the kernel are waited for, where, and how long.",
    files=("eBPF",),
    record=KernelLock,
    read=attached_only("kernel-locks"),
    scope="other",
    when="measured",
)
