"""preempt: whose tasks ran while those of a cgroup waited for a CPU."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
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
