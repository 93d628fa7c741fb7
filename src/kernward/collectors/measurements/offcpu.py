"""offcpu: where in the kernel the threads of a process wait, other than for a CPU."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.source import EntitySource


class OffCpu(msgspec.Struct, frozen=True):
    """Of one process; only sleeps that ended while it was attached."""

    comm: Annotated[str | None, fact("its name")] = None
    sleeps: Annotated[
        int | None,
        counter("", "times a thread went to sleep and came back", "__schedule() in kernel/sched/core.c"),
    ] = None
    sleep_s: Annotated[float | None, counter("s", "how long its threads slept, all of them together")] = None
    uninterruptible_s: Annotated[
        float | None,
        counter("s", "the part of it in state D", "TASK_UNINTERRUPTIBLE in include/linux/sched.h"),
    ] = None
    uninterruptible_by_stack_s: Annotated[
        Mapping[str, float] | None,
        counter(
            "s", "the same by kernel stack, the sleeping function first, joined by ;", "bpf_get_stackid()"
        ),
    ] = None
    by_stack_s: Annotated[Mapping[str, float] | None, counter("s", "sleep_s by kernel stack")] = None
    longest_uninterruptible_s: Annotated[float | None, gauge("s", "the longest of them")] = None


SOURCE: EntitySource[OffCpu] = EntitySource(
    name="offcpu",
    doc="How long the threads of a process were asleep or waiting, and in which kernel function.",
    files=("eBPF",),
    record=OffCpu,
    read=attached_only("offcpu"),
    scope="process",
    when="measured",
)
