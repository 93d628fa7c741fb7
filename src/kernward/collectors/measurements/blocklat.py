"""blocklat: how long block devices take, from when a request is handed to the driver to when it is done."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from kernward.collectors.counted import NO_DURATIONS, Counted, Durations
from kernward.collectors.measurement import Measurement, attached_only
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource


class BlockDevice(msgspec.Struct, frozen=True):
    """Of one disk as a whole, partitions included."""

    reads: Annotated[
        int | None, counter("", "read requests done", "blk_update_request() in block/blk-mq.c")
    ] = None
    read_s: Annotated[float | None, counter("s", "how long the device worked on reads")] = None
    read_histogram: Annotated[
        tuple[int, ...] | None, counter("", "reads by length: below 2 µs, 4 µs, 8 µs and so on")
    ] = None
    writes: Annotated[
        int | None, counter("", "write requests done", "blk_update_request() in block/blk-mq.c")
    ] = None
    write_s: Annotated[float | None, counter("s", "how long the device worked on writes")] = None
    write_histogram: Annotated[
        tuple[int, ...] | None, counter("", "writes by length: below 2 µs, 4 µs, 8 µs and so on")
    ] = None
    flushes: Annotated[
        int | None, counter("", "flush requests done", "blk_update_request() in block/blk-mq.c")
    ] = None
    flush_s: Annotated[float | None, counter("s", "how long the device worked on flushes")] = None
    flush_histogram: Annotated[
        tuple[int, ...] | None, counter("", "flushes by length: below 2 µs, 4 µs, 8 µs and so on")
    ] = None
    discards: Annotated[
        int | None, counter("", "discard requests done", "blk_update_request() in block/blk-mq.c")
    ] = None
    discard_s: Annotated[float | None, counter("s", "how long the device worked on discards")] = None
    discard_histogram: Annotated[
        tuple[int, ...] | None, counter("", "discards by length: below 2 µs, 4 µs, 8 µs and so on")
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
        counter("", "requests by that wait: below 2 µs, 4 µs, 8 µs and so on"),
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


# enum req_op in include/linux/blk_types.h: the fields of each.
_OPERATIONS = {
    0: ("reads", "read"),
    1: ("writes", "write"),
    2: ("flushes", "flush"),
    3: ("discards", "discard"),
}


def decode(counted: Counted) -> Mapping[str, BlockDevice]:
    """By device."""
    found: dict[str, dict[str, Any]] = {}
    queues: dict[str, Durations] = {}
    for (device, operation), (took, queued, size_bytes, errors) in counted.rows(
        "totals", "II", ("durations", "durations", "sum", "sum")
    ):
        name = counted.names.device(device)
        fields = found.setdefault(name, {"bytes": 0, "errors": 0, "longest_s": 0.0})
        if operation in _OPERATIONS:
            number, stem = _OPERATIONS[operation]
            fields |= {number: took.number, f"{stem}_s": took.total_s, f"{stem}_histogram": took.items}
        fields["bytes"] += size_bytes
        fields["errors"] += errors
        fields["longest_s"] = max(fields["longest_s"], took.longest_s)
        queues[name] = queues.get(name, NO_DURATIONS).plus(queued)
    return {
        name: BlockDevice(
            **{**_NOTHING, **fields}, queued_s=queues[name].total_s, queued_histogram=queues[name].items
        )
        for name, fields in found.items()
    }


_NOTHING: dict[str, Any] = {
    key: value
    for number, stem in _OPERATIONS.values()
    for key, value in ((number, 0), (f"{stem}_s", 0.0), (f"{stem}_histogram", NO_DURATIONS.items))
}


def poll(root: Root) -> Mapping[str, BlockDevice]:
    """What /proc/diskstats has of it: times from when a request was made, the queue included."""
    found: dict[str, BlockDevice] = {}
    for line in root.read("/proc/diskstats", 4 << 20).splitlines():
        words = line.split()
        try:
            name = words[2].decode("utf-8", "backslashreplace").replace("!", "/")
            if not root.exists(f"/sys/block/{words[2].decode('ascii', 'replace')}"):
                continue  # a partition
            numbers = [int(word) for word in words[3:]]
        except (IndexError, ValueError):
            continue
        if len(numbers) < 11:
            continue
        numbers += [0] * (17 - len(numbers))
        reads, _, sectors_read, read_ms, writes, _, sectors_written, write_ms = numbers[:8]
        discards, _, sectors_discarded, discard_ms, flushes, flush_ms = numbers[11:17]
        found[name] = BlockDevice(
            reads=reads, read_s=read_ms / 1e3, writes=writes, write_s=write_ms / 1e3,
            flushes=flushes, flush_s=flush_ms / 1e3, discards=discards, discard_s=discard_ms / 1e3,
            bytes=512 * (sectors_read + sectors_written + sectors_discarded),
        )  # fmt: skip
    if not found:
        raise Unavailable("/proc/diskstats", "it names no disk")
    return found


MEASUREMENT = Measurement(
    source=SOURCE,
    program="blocklat",
    controller="io",
    fields=(
        "block_rq_issue.dev",
        "block_rq_issue.sector",
        "block_rq_issue.rwbs",
        "block_rq_complete.dev",
        "block_rq_complete.sector",
        "block_rq_complete.rwbs",
        "block_rq_complete.nr_sector",
        "block_rq_complete.error",
    ),
    decode=decode,
    poll=poll,
    cost="about 600 ns a request, in two hooks",
    caveats=(
        "A device without requests of its own (dm, md, zram, pmem) does not appear: those below it do.",
        "By procfs times include the queue, and there is no histogram.",
    ),
)
