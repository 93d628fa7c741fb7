"""compaction: how long tasks move pages about because somebody wants contiguous memory."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from kernward.collectors.counted import NO_DURATIONS, Counted, Durations
from kernward.collectors.durations import item
from kernward.collectors.measurement import Measurement, Traced, attached_only, ended_after_s
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.vmstat_counts import vmstat_counts


class Compaction(msgspec.Struct, frozen=True):
    """Of the cgroup whose tasks compact: that of the memory controller."""

    compactions: Annotated[
        int | None,
        counter("", "runs over a zone, background ones included", "compact_zone() in mm/compaction.c"),
    ] = None
    compaction_s: Annotated[float | None, counter("s", "time in them")] = None
    histogram: Annotated[
        tuple[int, ...] | None, counter("", "runs by length: below 2 µs, 4 µs, 8 µs and so on")
    ] = None
    by_process_s: Annotated[
        Mapping[str, float] | None,
        counter("s", "time by process as comm[pid]; kcompactd works in the background"),
    ] = None
    longest_s: Annotated[float | None, gauge("s", "the longest run")] = None


SOURCE: EntitySource[Compaction] = EntitySource(
    name="compaction",
    doc="How long tasks moved pages about to get contiguous memory.",
    files=("eBPF",),
    record=Compaction,
    read=attached_only("compaction"),
    scope="cgroup",
    when="measured",
)


_PROCESSES = 20


def decode(counted: Counted) -> Mapping[str, Compaction]:
    """By cgroup."""
    sums: dict[str, Durations] = {}
    who: dict[str, dict[str, float]] = {}
    for (group, tgid, _), (took, _) in counted.rows("totals", "QII", ("durations", "sum")):
        name, process = counted.cgroup(group), counted.process(tgid)
        sums[name] = sums.get(name, NO_DURATIONS).plus(took)
        times = who.setdefault(name, {})
        times[process] = times.get(process, 0.0) + took.total_s
    return {
        name: Compaction(
            compactions=took.number,
            compaction_s=took.total_s,
            histogram=took.items,
            by_process_s=dict(sorted(who[name].items(), key=lambda each: -each[1])[:_PROCESSES]),
            longest_s=took.longest_s,
        )
        for name, took in sums.items()
    }


def poll(root: Root) -> Mapping[str, Compaction]:
    """How often tasks had to compact (/proc/vmstat)."""
    counts = vmstat_counts(root, "compact_stall")
    if "compact_stall" not in counts:
        raise Unavailable("/proc/vmstat", "it does not count compaction")
    return {"/": Compaction(compactions=counts["compact_stall"])}


def trace(counts: dict[str, Any], event: str, process: str, fields: Mapping[str, str]) -> None:
    """By process, under "/"."""
    took_s = ended_after_s(counts, event, process, fields)
    if took_s is None:
        return
    before = counts.get("/", Compaction(0, 0.0, NO_DURATIONS.items, {}, 0.0))
    histogram, who = list(before.histogram), dict(before.by_process_s)
    histogram[item(took_s)] += 1
    who[process] = who.get(process, 0.0) + took_s
    counts["/"] = Compaction(
        before.compactions + 1,
        before.compaction_s + took_s,
        tuple(histogram),
        who,
        max(before.longest_s, took_s),
    )


MEASUREMENT = Measurement(
    source=SOURCE,
    program="compaction",
    controller="memory",
    decode=decode,
    poll=poll,
    traced=Traced(events=("compaction/mm_compaction_begin", "compaction/mm_compaction_end"), count=trace),
    cost="a few µs each time a zone is compacted",
    caveats=(
        "kcompactd works in the background, under /; whoever waits for memory is named by its own process.",
        "By procfs only stalls are counted, without times.",
    ),
)
