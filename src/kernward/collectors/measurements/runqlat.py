"""runqlat: how long tasks that could run waited for a CPU, by the cgroup of the task that waited."""

from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.source import EntitySource


class RunQueue(msgspec.Struct, frozen=True):
    """Of one cgroup: that of the cpu controller."""

    waits: Annotated[
        int | None,
        counter(
            "",
            "times a task waited for a CPU, having woken up or been taken off one",
            "sched_info_arrive() in kernel/sched/stats.h",
        ),
    ] = None
    wait_s: Annotated[
        float | None,
        counter("s", "how long they waited together", "sched_info_arrive() in kernel/sched/stats.h"),
    ] = None
    wait_histogram: Annotated[
        tuple[int, ...] | None, counter("", "waits; of how many by length, see collectors/durations.py")
    ] = None
    longest_s: Annotated[float | None, gauge("s", "the longest wait since it was attached")] = None


SOURCE: EntitySource[RunQueue] = EntitySource(
    name="runqlat",
    doc="How long tasks that could run waited for a CPU, by cgroup.",
    files=("eBPF",),
    record=RunQueue,
    read=attached_only("runqlat"),
    scope="cgroup",
    when="measured",
)
