"""oom: whom the kernel killed because memory, or the limit of a cgroup, was used up."""

import os
import struct
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from kernward.collectors.counted import Counted, text
from kernward.collectors.measurement import Measurement, Traced, attached_only
from kernward.collectors.quantity import counter, fact, gauge
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
    last_kill_s: Annotated[float | None, gauge("s", "when the last one was chosen, since boot")] = None
    last_victim: Annotated[str | None, fact("the last one, as comm[pid]")] = None
    last_victim_virtual_bytes: Annotated[
        int | None, gauge("bytes", "its address space", "struct mm_struct, total_vm")
    ] = None
    last_victim_score_adj: Annotated[
        int | None,
        gauge("", "its oom_score_adj, -1000 to 1000", "struct signal_struct, oom_score_adj"),
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


# struct event of oom.bpf.c
_EVENT = struct.Struct("<QQQiI16s")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


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
    for event in counted.events():
        at_ns, group, pages, score_adj, victim, comm = _EVENT.unpack(event[: _EVENT.size])
        name = counted.cgroup(group)
        if name in found:
            found[name] = msgspec.structs.replace(
                found[name],
                last_kill_s=at_ns / 1e9,
                last_victim=f"{text(comm)}[{victim}]",
                last_victim_virtual_bytes=pages * _PAGE_BYTES,
                last_victim_score_adj=score_adj,
            )
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
    cost="a few µs each time the kernel kills for memory",
    caveats=(
        "Until Linux 6.8 the event tells the victim's number only: its cgroup is taken to be that of the asker.",
        "What systemd-oomd or another daemon kills does not pass here.",
    ),
)
