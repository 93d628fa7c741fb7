"""oom: whom the kernel killed because memory, or the limit of a cgroup, was used up."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from kernward.collectors.counted import Counted
from kernward.collectors.measurement import Measurement, Traced, attached_only
from kernward.collectors.quantity import counter
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.vmstat_counts import vmstat_counts


class OutOfMemory(msgspec.Struct, frozen=True):
    """Of the cgroup of the victims: that of the memory controller."""

    kills: Annotated[
        int | None, counter("", "processes chosen to be killed", "mark_oom_victim() in mm/oom_kill.c")
    ] = None
    victims: Annotated[Mapping[str, int] | None, counter("", "the same, as comm[pid]")] = None
    killed_by: Annotated[
        Mapping[str, int] | None, counter("", "the same, by the process that asked for memory")
    ] = None


SOURCE: EntitySource[OutOfMemory] = EntitySource(
    name="oom",
    doc="Whom the kernel killed for memory.",
    files=("eBPF",),
    record=OutOfMemory,
    read=attached_only("oom"),
    scope="cgroup",
    when="measured",
)


def decode(counted: Counted) -> Mapping[str, OutOfMemory]:
    """By cgroup."""
    found: dict[str, OutOfMemory] = {}
    for (group, victim, asker), (number,) in counted.rows("totals", "QII", ("sum",)):
        name = counted.cgroup(group)
        before = found.get(name, OutOfMemory(0, {}, {}))
        victims, askers = dict(before.victims or {}), dict(before.killed_by or {})
        if victim:
            victims[counted.process(victim)] = victims.get(counted.process(victim), 0) + number
        askers[counted.process(asker)] = askers.get(counted.process(asker), 0) + number
        found[name] = OutOfMemory((before.kills or 0) + number, victims, askers)
    return found


def poll(root: Root) -> Mapping[str, OutOfMemory]:
    """How many were killed (/proc/vmstat)."""
    counts = vmstat_counts(root, "oom_kill")
    if "oom_kill" not in counts:
        raise Unavailable("/proc/vmstat", "it does not count kills")
    return {"/": OutOfMemory(kills=counts["oom_kill"])}


def trace(counts: dict[str, Any], event: str, process: str, fields: Mapping[str, str]) -> None:
    """Under "/": what cgroup it is in the event does not say."""
    before = counts.get("/", OutOfMemory(0, {}, {}))
    victim = f"{fields.get('comm', '?')}[{fields.get('pid', '?')}]"
    counts["/"] = OutOfMemory(
        before.kills + 1,
        {**before.victims, victim: before.victims.get(victim, 0) + 1},
        {**before.killed_by, process: before.killed_by.get(process, 0) + 1},
    )


MEASUREMENT = Measurement(
    source=SOURCE,
    program="oom",
    controller="memory",
    fields=("mark_victim.pid",),
    decode=decode,
    poll=poll,
    traced=Traced(events=("oom/mark_victim",), count=trace),
    cost="one hook each time the kernel kills for memory",
    caveats=(
        "Until Linux 6.8 the event tells the victim's number only: its cgroup is taken to be that of the asker.",
        "What systemd-oomd or another daemon kills does not pass here.",
    ),
)
