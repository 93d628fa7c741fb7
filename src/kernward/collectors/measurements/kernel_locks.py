"""kernel-locks: which locks of the kernel are contended, in which function, and who holds them."""

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import NO_DURATIONS, Counted, Durations
from kernward.collectors.measurement import Measurement, attached_only
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
        tuple[int, ...] | None, counter("", "waits by length: below 2 µs, 4 µs, 8 µs and so on")
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


# LCB_F_... in include/trace/events/lock.h.
_SPIN, _READ, _WRITE, _RT, _PERCPU, _MUTEX = 1, 2, 4, 8, 16, 32
# The locks' own functions, which stand between the event and whoever wants the lock.
_LOCKING = re.compile(
    r"^(?:__|_)?(?:raw_|native_|pv_|mutex_|rwsem_|rt_mutex_|rtlock_|queued_|percpu_|down_|up_|spin_|read_|write_|"
    r"rwbase_|lock_|ww_|do_raw_)|^(?:down_\w+|mutex_lock\w*|__down\w*|down|rwsem\w*|osq_lock|_?lock_sock\w*|rt_\w+lock\w*)$"
)
_PROCESSES = 10


def kind_of(flags: int) -> str:
    """What kind of lock the flags of contention_begin tell."""
    if flags & _MUTEX:
        return "mutex"
    if flags & _PERCPU:
        return "percpu"
    if flags & _RT:
        return "rt"
    if flags & _SPIN:
        return "read" if flags & _READ else "write" if flags & _WRITE else "spin"
    return "rwsem" if flags & (_READ | _WRITE) else "semaphore"


def who_wants(stack: list[str]) -> str:
    """The function that wants the lock: the first that is not the lock's own."""
    return next((name for name in stack if not _LOCKING.match(name)), stack[-1] if stack else "(no stack)")


def decode(counted: Counted) -> Mapping[str, KernelLock]:
    """By kind of lock and by the function that waits for it."""
    by_place: dict[tuple[int, int], dict[int, int]] = {}
    for (stack, flags, tgid, _), (ns,) in counted.rows("more", "iIII", ("sum",)):
        who = by_place.setdefault((stack, flags), {})
        who[tgid] = who.get(tgid, 0) + ns
    together: dict[str, tuple[Durations, str, list[str], dict[int, int], int]] = {}
    for (stack, flags), (took, _, holder) in counted.rows("totals", "iI", ("durations", "any", "any")):
        frames, kind = counted.stack(stack), kind_of(flags)
        name = f"{kind}:{who_wants(frames)}"
        before, _, known, who, held = together.get(name, (NO_DURATIONS, kind, frames, {}, 0))
        for tgid, ns in by_place.get((stack, flags), {}).items():
            who[tgid] = who.get(tgid, 0) + ns
        longer = frames if took.total_s > before.total_s else known
        together[name] = (before.plus(took), kind, longer, who, holder or held)
    return {
        name: KernelLock(
            kind=kind,
            function=name.partition(":")[2],
            stack=";".join(frames),
            waits=took.number,
            wait_s=took.total_s,
            wait_histogram=took.items,
            by_process_s={
                counted.process(tgid): ns / 1e9
                for tgid, ns in sorted(who.items(), key=lambda each: -each[1])[:_PROCESSES]
            },
            holder=counted.process(holder) if holder else None,
            longest_s=took.longest_s,
        )
        for name, (took, kind, frames, who, holder) in together.items()
    }


MEASUREMENT = Measurement(
    source=SOURCE,
    program="kernel_locks",
    fields=("contention_begin.lock_addr", "contention_begin.flags", "contention_end.lock_addr"),
    decode=decode,
    standing=False,
    cost="2 to 4 µs, most of it for the stack, each time a lock of the kernel has to be waited for; nothing when it is free",
    caveats=(
        "Locks that a kernel build does not trace (futex hash buckets of some releases, bit spinlocks) are missing.",
        "Who holds a spinlock the kernel does not know.",
    ),
)
