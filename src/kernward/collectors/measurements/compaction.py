"""compaction: how long tasks move pages about because somebody wants contiguous memory."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.source import EntitySource


class Compaction(msgspec.Struct, frozen=True):
    """Of the cgroup whose tasks compact: that of the memory controller."""

    compactions: Annotated[
        int | None,
        counter("", "runs over a zone, background ones included", "compact_zone() in mm/compaction.c"),
    ] = None
    compaction_s: Annotated[float | None, counter("s", "time in them")] = None
    histogram: Annotated[
        tuple[int, ...] | None, counter("", "runs; of how many by length, see collectors/durations.py")
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
