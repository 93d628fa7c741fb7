"""reclaim: how long tasks reclaim memory themselves, for the machine or for the limit of their cgroup."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.source import EntitySource


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
        tuple[int, ...] | None, counter("", "both; of how many by length, see collectors/durations.py")
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
