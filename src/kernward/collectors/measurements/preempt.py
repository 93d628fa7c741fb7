"""preempt: whose tasks ran while those of a cgroup waited for a CPU."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import Counted
from kernward.collectors.measurement import Measurement, attached_only
from kernward.collectors.quantity import counter
from kernward.collectors.source import EntitySource


class Preempted(msgspec.Struct, frozen=True):
    """Of the cgroup that waits: that of the cpu controller."""

    preemptions: Annotated[
        int | None,
        counter(
            "", "times a task that could go on was taken off its CPU", "__schedule() in kernel/sched/core.c"
        ),
    ] = None
    preempted_by: Annotated[
        Mapping[str, int] | None, counter("", "the same, by the cgroup whose task took the CPU")
    ] = None
    wait_s: Annotated[
        float | None, counter("s", "how long its tasks waited for a CPU, preempted or woken")
    ] = None
    waited_behind_s: Annotated[
        Mapping[str, float] | None, counter("s", "the same, by the cgroup whose task ran there just before")
    ] = None


SOURCE: EntitySource[Preempted] = EntitySource(
    name="preempt",
    doc="How long tasks of a cgroup waited for a CPU, and behind which cgroup.",
    files=("eBPF",),
    record=Preempted,
    read=attached_only("preempt"),
    scope="cgroup",
    when="measured",
)


def decode(counted: Counted) -> Mapping[str, Preempted]:
    """By the cgroup that waits."""
    found: dict[str, Preempted] = {}
    for (waits, runs), (preemptions, _, wait_ns) in counted.rows("totals", "QQ", ("sum", "sum", "sum")):
        victim, other = counted.cgroup(waits), counted.cgroup(runs)
        before = found.get(victim, Preempted(0, {}, 0.0, {}))
        by, behind = dict(before.preempted_by or {}), dict(before.waited_behind_s or {})
        if preemptions:
            by[other] = by.get(other, 0) + preemptions
        if wait_ns:
            behind[other] = behind.get(other, 0.0) + wait_ns / 1e9
        found[victim] = Preempted(
            (before.preemptions or 0) + preemptions, by, (before.wait_s or 0.0) + wait_ns / 1e9, behind
        )
    return found


MEASUREMENT = Measurement(
    source=SOURCE,
    program="preempt",
    decode=decode,
    standing=False,
    cost="about 90 ns at each switch of a CPU to another task",
    caveats=(
        "A wait is put down to the task that ran on the CPU last, which is an approximation when several took turns.",
        "procfs counts involuntary switches of a process (/proc/PID/status), but not who took its CPU.",
    ),
)
