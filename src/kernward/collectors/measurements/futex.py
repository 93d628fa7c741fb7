"""futex: how long the threads of a process wait for each other in futex(2), by lock."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import NO_DURATIONS, Counted, Durations
from kernward.collectors.measurement import Measurement, attached_only
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
        tuple[int, ...] | None, counter("", "waits by length: below 2 µs, 4 µs, 8 µs and so on")
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


# Addresses of a process that are named, those waited for longest first.
_ADDRESSES = 16


def decode(counted: Counted) -> Mapping[str, Futex]:
    """By process."""
    rows: dict[int, list[tuple[int, Durations, int, int]]] = {}
    for (address, tgid, _), (took, timeouts, waiters) in counted.rows(
        "totals", "QII", ("durations", "sum", "bits")
    ):
        rows.setdefault(tgid, []).append((address, took, timeouts, waiters))
    found: dict[str, Futex] = {}
    for tgid, locks in rows.items():
        locks.sort(key=lambda lock: lock[1].total_s, reverse=True)
        together = NO_DURATIONS
        for _, took, _, _ in locks:
            together = together.plus(took)
        named = locks[:_ADDRESSES]
        found[str(tgid)] = Futex(
            comm=counted.comm(tgid),
            waits=together.number,
            wait_s=together.total_s,
            wait_histogram=together.items,
            timeouts=sum(timeouts for _, _, timeouts, _ in locks),
            by_address_s={f"{address:#x}": took.total_s for address, took, _, _ in named},
            waits_by_address={f"{address:#x}": took.number for address, took, _, _ in named},
            waiters_by_address={f"{address:#x}": waiters for address, _, _, waiters in named},
            longest_s=together.longest_s,
        )
    return found


MEASUREMENT = Measurement(
    source=SOURCE,
    program="futex",
    fields=("sys_enter.id", "sys_enter.args", "sys_exit.id", "sys_exit.ret"),
    decode=decode,
    standing=False,
    cost="about 90 ns a system call of any kind, in two hooks that look at its number; more for futex(2) itself",
    caveats=(
        "32-bit programs are not seen: their calls have other numbers.",
        "Locks that are free, or spun for, never enter the kernel.",
        "Idle threads wait in futex(2) too: few long waits are rest, many short ones on one address are contention.",
    ),
)
