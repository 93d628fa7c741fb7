"""runqlat: how long tasks that could run waited for a CPU, by the cgroup of the task that waited."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors import cgroups
from kernward.collectors.counted import Counted
from kernward.collectors.measurement import Measurement, attached_only
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import processes


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
        tuple[int, ...] | None, counter("", "waits by length: below 2 µs, 4 µs, 8 µs and so on")
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


def decode(counted: Counted) -> Mapping[str, RunQueue]:
    """By cgroup."""
    return {
        counted.cgroup(number): RunQueue(waits.number, waits.total_s, waits.items, waits.longest_s)
        for (number,), (waits,) in counted.rows("totals", "Q", ("durations",))
    }


def poll(root: Root) -> Mapping[str, RunQueue]:
    """What /proc/PID/schedstat says of the processes that there are, by cgroup of the cpu controller."""
    waits: dict[str, list[float]] = {}
    tree = cgroups.hierarchy(root, "cpu")
    controller = b"cpu" if tree is not None and tree.version == 1 else b""
    for pid in processes.pids(root):
        try:
            _, waited_ns, times = root.read(f"/proc/{pid}/schedstat", 256).split()
            group = cgroup_of(root.read(f"/proc/{pid}/cgroup", 1 << 16), controller)
            found = waits.setdefault(group, [0, 0.0])
            found[0] += int(times)
            found[1] += int(waited_ns) / 1e9
        except (Unavailable, ValueError):
            continue
    if not waits:
        raise Unavailable("/proc/PID/schedstat", "no process has one")
    return {group: RunQueue(int(times), waited_s) for group, (times, waited_s) in waits.items()}


def cgroup_of(data: bytes, controller: bytes) -> str:
    """The group of a process in the hierarchy of this controller, b"" for version 2 (/proc/PID/cgroup)."""
    for line in data.splitlines():
        _, controllers, path = line.split(b":", 2)
        if controller in controllers.split(b","):
            return path.decode("utf-8", "backslashreplace")
    return "/"


MEASUREMENT = Measurement(
    source=SOURCE,
    program="runqlat",
    fields=(
        "sched_wakeup.pid",
        "sched_switch.prev_pid",
        "sched_switch.prev_state",
        "sched_switch.next_pid",
        "sched_wakeup_new.pid",
    ),
    decode=decode,
    poll=poll,
    cost="about 60 ns at each switch of a CPU to another task; by raw_tp and tracepoint 200 ns, and 135 ns at each wakeup besides",
    caveats=(
        "A wait counts when it ends: a task that has waited since before the end of the window is not in it.",
        "A task that is moved to another CPU's queue while it waits counts from then on.",
        "By procfs there is no histogram, and what ended between two readings is missing.",
        "By tracepoint a task counts for the version 2 cgroup, and only once it is switched away again.",
    ),
)
