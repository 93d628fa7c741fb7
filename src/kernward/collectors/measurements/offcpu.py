"""offcpu: where in the kernel the threads of a process wait, other than for a CPU."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import Counted
from kernward.collectors.measurement import Measurement, attached_only
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


# Stacks of a process that are named; the rest is in the sums.
_STACKS = 20


def decode(counted: Counted) -> Mapping[str, OffCpu]:
    """By process."""
    rows: dict[int, list[tuple[int, bool, int, int, int]]] = {}
    for (tgid, stack, uninterruptible, _), (number, total_ns, longest_ns) in counted.rows(
        "totals", "IiII", ("sum", "sum", "max")
    ):
        rows.setdefault(tgid, []).append((stack, bool(uninterruptible), number, total_ns, longest_ns))
    return {str(tgid): _process(counted, tgid, found) for tgid, found in rows.items()}


def _process(counted: Counted, tgid: int, rows: list[tuple[int, bool, int, int, int]]) -> OffCpu:
    rows.sort(key=lambda row: row[3], reverse=True)
    by: dict[bool, dict[str, float]] = {False: {}, True: {}}
    for stack, uninterruptible, _, total_ns, _ in rows[:_STACKS]:
        name = ";".join(counted.stack(stack)) or "(no stack)"
        by[uninterruptible][name] = by[uninterruptible].get(name, 0.0) + total_ns / 1e9
    both = dict(by[False])
    for name, seconds in by[True].items():
        both[name] = both.get(name, 0.0) + seconds
    return OffCpu(
        comm=counted.comm(tgid),
        sleeps=sum(row[2] for row in rows),
        sleep_s=sum(row[3] for row in rows) / 1e9,
        uninterruptible_s=sum(row[3] for row in rows if row[1]) / 1e9,
        uninterruptible_by_stack_s=by[True],
        by_stack_s=both,
        longest_uninterruptible_s=max((row[4] for row in rows if row[1]), default=0) / 1e9,
    )


MEASUREMENT = Measurement(
    source=SOURCE,
    program="offcpu",
    fields=("sched_switch.prev_pid", "sched_switch.prev_state", "sched_switch.next_pid"),
    decode=decode,
    standing=False,
    cost="about 1 µs, most of it for the stack, at each switch of a CPU from a task that goes to sleep",
    caveats=(
        "A sleep counts when it ends: whoever slept through the whole window is not in it; /proc/PID/stack says where.",
        "Threads of one pool that wait for work sleep as well; what they wait for tells the stack.",
    ),
)
