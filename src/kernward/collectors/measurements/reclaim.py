"""reclaim: how long tasks reclaim memory themselves, for the machine or for the limit of their cgroup."""

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


class Reclaim(msgspec.Struct, frozen=True):
    """Of the cgroup whose tasks reclaim: that of the memory controller."""

    reclaims: Annotated[
        int | None,
        counter(
            "",
            "times a task reclaimed because the machine was short of memory",
            "try_to_free_pages() in mm/vmscan.c",
        ),
    ] = None
    reclaim_s: Annotated[float | None, counter("s", "time in them")] = None
    limit_reclaims: Annotated[
        int | None,
        counter(
            "",
            "times a task reclaimed because of the limit of a cgroup",
            "try_to_free_mem_cgroup_pages() in mm/vmscan.c",
        ),
    ] = None
    limit_reclaim_s: Annotated[float | None, counter("s", "time in them")] = None
    histogram: Annotated[
        tuple[int, ...] | None, counter("", "both by length: below 2 µs, 4 µs, 8 µs and so on")
    ] = None
    reclaimed_pages: Annotated[int | None, counter("pages", "pages that they freed")] = None
    by_process_s: Annotated[
        Mapping[str, float] | None, counter("s", "time in both, by process as comm[pid]")
    ] = None
    longest_s: Annotated[float | None, gauge("s", "the longest of both")] = None


SOURCE: EntitySource[Reclaim] = EntitySource(
    name="reclaim",
    doc="How long tasks had to free memory themselves before they got some.",
    files=("eBPF",),
    record=Reclaim,
    read=attached_only("reclaim"),
    scope="cgroup",
    when="measured",
)


_PROCESSES = 20


def decode(counted: Counted) -> Mapping[str, Reclaim]:
    """By cgroup."""
    sums: dict[str, dict[int, Durations]] = {}
    pages: dict[str, int] = {}
    who: dict[str, dict[str, float]] = {}
    for (group, tgid, kind), (took, freed) in counted.rows("totals", "QII", ("durations", "sum")):
        name = counted.cgroup(group)
        kinds = sums.setdefault(name, {0: NO_DURATIONS, 1: NO_DURATIONS})
        kinds[kind] = kinds[kind].plus(took)
        pages[name] = pages.get(name, 0) + freed
        process = counted.process(tgid)
        times = who.setdefault(name, {})
        times[process] = times.get(process, 0.0) + took.total_s
    found: dict[str, Reclaim] = {}
    for name, kinds in sums.items():
        both = kinds[0].plus(kinds[1])
        found[name] = Reclaim(
            reclaims=kinds[0].number,
            reclaim_s=kinds[0].total_s,
            limit_reclaims=kinds[1].number,
            limit_reclaim_s=kinds[1].total_s,
            histogram=both.items,
            reclaimed_pages=pages[name],
            by_process_s=dict(sorted(who[name].items(), key=lambda each: -each[1])[:_PROCESSES]),
            longest_s=both.longest_s,
        )
    return found


def poll(root: Root) -> Mapping[str, Reclaim]:
    """How often the machine made tasks reclaim (/proc/vmstat); of limits and times it says nothing."""
    counts = vmstat_counts(root, "allocstall", "pgsteal_direct")
    if "allocstall" not in counts:
        raise Unavailable("/proc/vmstat", "it does not count direct reclaim")
    return {"/": Reclaim(reclaims=counts["allocstall"], reclaimed_pages=counts.get("pgsteal_direct"))}


def trace(counts: dict[str, Any], event: str, process: str, fields: Mapping[str, str]) -> None:
    """By process, under "/": what cgroup it is in the event does not say."""
    took_s = ended_after_s(counts, event, process, fields)
    if took_s is None:
        return
    limit = "memcg" in event
    before = counts.get("/", Reclaim(0, 0.0, 0, 0.0, NO_DURATIONS.items, 0, {}, 0.0))
    histogram, who = list(before.histogram), dict(before.by_process_s)
    histogram[item(took_s)] += 1
    who[process] = who.get(process, 0.0) + took_s
    freed = fields.get("nr_reclaimed", "0")
    counts["/"] = Reclaim(
        reclaims=before.reclaims + (not limit),
        reclaim_s=before.reclaim_s + (0.0 if limit else took_s),
        limit_reclaims=before.limit_reclaims + limit,
        limit_reclaim_s=before.limit_reclaim_s + (took_s if limit else 0.0),
        histogram=tuple(histogram),
        reclaimed_pages=before.reclaimed_pages + (int(freed) if freed.isdigit() else 0),
        by_process_s=who,
        longest_s=max(before.longest_s, took_s),
    )


MEASUREMENT = Measurement(
    source=SOURCE,
    program="reclaim",
    controller="memory",
    fields=("mm_vmscan_direct_reclaim_end.nr_reclaimed", "mm_vmscan_memcg_reclaim_end.nr_reclaimed"),
    decode=decode,
    poll=poll,
    traced=Traced(
        events=(
            "vmscan/mm_vmscan_direct_reclaim_begin",
            "vmscan/mm_vmscan_direct_reclaim_end",
            "vmscan/mm_vmscan_memcg_reclaim_begin",
            "vmscan/mm_vmscan_memcg_reclaim_end",
        ),
        count=trace,
    ),
    cost="about 1 µs each time a task reclaims memory itself; nothing on a machine with memory to spare",
    caveats=(
        "A task counts for the cgroup that it is in: the limit that made it reclaim may be a parent's.",
        "What kswapd reclaims in the background delays nobody and is not in it.",
        "By procfs only reclaim for the whole machine is known, and neither times nor groups.",
    ),
)
