"""wakeups: what wakes the tasks of a process: timers, devices, packets or other tasks."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import Counted
from kernward.collectors.measurement import Measurement, attached_only
from kernward.collectors.quantity import counter, fact
from kernward.collectors.source import EntitySource

# Wakers are named down to this part of a process's wakeups, and at most so many.
_NAMED = 0.01
_MOST = 8


class Wakeups(msgspec.Struct, frozen=True):
    """Of one process whose tasks are woken."""

    comm: Annotated[str | None, fact("its name")] = None
    wakeups: Annotated[
        int | None, counter("", "times a task of it was woken", "try_to_wake_up() in kernel/sched/core.c")
    ] = None
    by_task: Annotated[int | None, counter("", "by a task, a thread of the kernel among them")] = None
    by_timer: Annotated[
        int | None, counter("", "by a timer that ran out", "__run_hrtimer() in kernel/time/hrtimer.c")
    ] = None
    by_device: Annotated[
        int | None,
        counter(
            "", "by a device's interrupt or its softirq", "__handle_irq_event_percpu() in kernel/irq/handle.c"
        ),
    ] = None
    by_packet: Annotated[
        int | None, counter("", "by a packet that came in", "net_rx_action() in net/core/dev.c")
    ] = None
    by_other: Annotated[int | None, counter("", "by another softirq: RCU, tasklets")] = None
    from_io: Annotated[
        int | None,
        counter("", "out of waiting for I/O, whoever did it", "io_schedule() in kernel/sched/core.c"),
    ] = None
    by_waker: Annotated[
        Mapping[str, int] | None,
        counter("", "by tasks and packets, by the process that ran then, as comm[pid]; the most frequent"),
    ] = None


SOURCE: EntitySource[Wakeups] = EntitySource(
    name="wakeups",
    doc="What wakes the tasks of a process.",
    files=("eBPF",),
    record=Wakeups,
    read=attached_only("wakeups"),
    scope="process",
    when="measured",
)


def decode(counted: Counted) -> Mapping[str, Wakeups]:
    """By the process that is woken."""
    sums: dict[int, list[int]] = {}
    wakers: dict[int, dict[int, int]] = {}
    for (woken, waker), row in counted.rows("totals", "II", ("sum",) * 6):
        sums[woken] = [a + b for a, b in zip(sums.get(woken, [0] * 6), row, strict=True)]
        if waker:
            wakers.setdefault(woken, {})[waker] = row[0] + row[3]
    found: dict[str, Wakeups] = {}
    for tgid, (task, timer, device, packet, other, io) in sums.items():
        if not tgid:
            continue
        wakeups = task + timer + device + packet + other
        found[str(tgid)] = Wakeups(
            comm=counted.comm(tgid),
            wakeups=wakeups,
            by_task=task,
            by_timer=timer,
            by_device=device,
            by_packet=packet,
            by_other=other,
            from_io=io,
            by_waker=_named(counted, wakers.get(tgid, {}), wakeups),
        )
    return found


def _named(counted: Counted, wakers: Mapping[int, int], wakeups: int) -> Mapping[str, int]:
    most = sorted(wakers, key=lambda each: (-wakers[each], each))[:_MOST]
    return {f"{counted.comm(pid)}[{pid}]": wakers[pid] for pid in most if wakers[pid] >= _NAMED * wakeups}


MEASUREMENT = Measurement(
    source=SOURCE,
    program="wakeups",
    decode=decode,
    standing=False,
    cost="about 120 ns each time a task is woken, and 60 ns at each interrupt, timer and softirq",
    caveats=(
        "Packets that do not leave the machine wake their receiver in a softirq of whoever sent them: both are named.",
        "With PREEMPT_RT most handlers are threads, and count as tasks.",
        "What another CPU asks for by an interrupt counts as the task that was interrupted.",
    ),
)
