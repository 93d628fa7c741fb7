"""blocklat: how long block devices take, from when a request is handed to the driver to when it is done."""

from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.source import EntitySource


class BlockDevice(msgspec.Struct, frozen=True):
    """Of one disk as a whole, partitions included."""

    reads: Annotated[
        int | None, counter("", "read requests done", "blk_update_request() in block/blk-mq.c")
    ] = None
    read_s: Annotated[float | None, counter("s", "how long the device worked on reads")] = None
    read_histogram: Annotated[
        tuple[int, ...] | None, counter("", "reads; of how many by length, see collectors/durations.py")
    ] = None
    writes: Annotated[
        int | None, counter("", "write requests done", "blk_update_request() in block/blk-mq.c")
    ] = None
    write_s: Annotated[float | None, counter("s", "how long the device worked on writes")] = None
    write_histogram: Annotated[
        tuple[int, ...] | None, counter("", "writes; of how many by length, see collectors/durations.py")
    ] = None
    flushes: Annotated[
        int | None, counter("", "flush requests done", "blk_update_request() in block/blk-mq.c")
    ] = None
    flush_s: Annotated[float | None, counter("s", "how long the device worked on flushes")] = None
    flush_histogram: Annotated[
        tuple[int, ...] | None, counter("", "flushes; of how many by length, see collectors/durations.py")
    ] = None
    discards: Annotated[
        int | None, counter("", "discard requests done", "blk_update_request() in block/blk-mq.c")
    ] = None
    discard_s: Annotated[float | None, counter("s", "how long the device worked on discards")] = None
    discard_histogram: Annotated[
        tuple[int, ...] | None, counter("", "discards; of how many by length, see collectors/durations.py")
    ] = None
    queued_s: Annotated[
        float | None,
        counter(
            "s",
            "how long requests waited before they were handed to the driver",
            "struct request, start_time_ns",
        ),
    ] = None
    queued_histogram: Annotated[
        tuple[int, ...] | None,
        counter("", "requests by that wait; of how many by length, see collectors/durations.py"),
    ] = None
    bytes: Annotated[int | None, counter("bytes", "read, written and discarded")] = None
    errors: Annotated[
        int | None, counter("", "requests that the device failed", "blk_status_t of block_rq_complete")
    ] = None
    longest_s: Annotated[float | None, gauge("s", "the longest request since it was attached")] = None


SOURCE: EntitySource[BlockDevice] = EntitySource(
    name="blocklat",
    doc="How long a block device takes to serve requests, by operation.",
    files=("eBPF",),
    record=BlockDevice,
    read=attached_only("blocklat"),
    scope="device",
    when="measured",
)
