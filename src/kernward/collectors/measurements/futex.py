"""futex: how long the threads of a process wait for each other in futex(2), by lock."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.source import EntitySource


class Futex(msgspec.Struct, frozen=True):
    """Of one process. Idle threads wait in futex(2) as well: many short waits for one address are contention."""

    comm: Annotated[str | None, fact("its name")] = None
    waits: Annotated[
        int | None,
        counter("", "times a thread waited and came back", "futex_wait() in kernel/futex/waitwake.c"),
    ] = None
    wait_s: Annotated[float | None, counter("s", "how long they waited together")] = None
    wait_histogram: Annotated[
        tuple[int, ...] | None, counter("", "waits; of how many by length, see collectors/durations.py")
    ] = None
    timeouts: Annotated[int | None, counter("", "waits that ended by their time limit")] = None
    by_address_s: Annotated[Mapping[str, float] | None, counter("s", "wait_s by the address of the lock")] = (
        None
    )
    waits_by_address: Annotated[Mapping[str, int] | None, counter("", "waits by the address of the lock")] = (
        None
    )
    waiters_by_address: Annotated[
        Mapping[str, int] | None, gauge("", "how many different threads were seen to wait, at most 64")
    ] = None
    longest_s: Annotated[float | None, gauge("s", "the longest wait")] = None


SOURCE: EntitySource[Futex] = EntitySource(
    name="futex",
    doc="How long the threads of a process wait for locks in user space.",
    files=("eBPF",),
    record=Futex,
    read=attached_only("futex"),
    scope="process",
    when="measured",
)
