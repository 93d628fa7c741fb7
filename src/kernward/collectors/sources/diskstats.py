"""/proc/diskstats: requests, bytes and time of each block device and partition since it appeared.

Times are kept in milliseconds, as the kernel prints them: in 32 bits, so that they wrap after 50 days of
I/O. Devices that have never had a request are left out.
"""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "diskstats_show() in block/genhd.c"
_PATH = "/proc/diskstats"
# /proc/diskstats counts in these, whatever the device's own sectors are.
_SECTOR_BYTES = 512


class Diskstats(msgspec.Struct, frozen=True):
    """`254 0 vda 2411130 187549 74299938 1573505 1336553 2976843 517043568 1258095 0 622660 3382947 …`"""

    number: Annotated[str | None, fact("major and minor number, 254:0", _SHOW)] = None
    reads: Annotated[int | None, counter("", "reads that ended, failed ones included", _SHOW)] = None
    reads_merged: Annotated[
        int | None, counter("", "reads that joined another before it was sent", _SHOW)
    ] = None
    read_bytes: Annotated[int | None, counter("bytes", "bytes of the reads that ended", _SHOW)] = None
    read_ms: Annotated[
        int | None, counter("ms", "time of all reads, from their start to their end", _SHOW, bits=32)
    ] = None
    writes: Annotated[int | None, counter("", "writes that ended, failed ones included", _SHOW)] = None
    writes_merged: Annotated[
        int | None, counter("", "writes that joined another before it was sent", _SHOW)
    ] = None
    write_bytes: Annotated[int | None, counter("bytes", "bytes of the writes that ended", _SHOW)] = None
    write_ms: Annotated[
        int | None, counter("ms", "time of all writes, from their start to their end", _SHOW, bits=32)
    ] = None
    in_flight: Annotated[
        int | None,
        gauge("", "requests that have started and not ended", "bdev_count_inflight() in block/genhd.c"),
    ] = None
    busy_ms: Annotated[
        int | None,
        counter(
            "ms", "time with at least one request in flight", "update_io_ticks() in block/blk-core.c", 32
        ),
    ] = None
    waited_ms: Annotated[
        int | None, counter("ms", "time of reads, writes, discards and flushes together", _SHOW, bits=32)
    ] = None
    discards: Annotated[int | None, counter("", "discards that ended; since Linux 4.18", _SHOW)] = None
    discard_bytes: Annotated[int | None, counter("bytes", "bytes that were discarded", _SHOW)] = None
    discard_ms: Annotated[int | None, counter("ms", "time of all discards", _SHOW, bits=32)] = None
    flushes: Annotated[
        int | None,
        counter(
            "",
            "flushes of the device's cache that ended; since Linux 5.5, 0 for bio-based devices such as dm and md",
            _SHOW,
        ),
    ] = None
    flush_ms: Annotated[int | None, counter("ms", "time of all flushes", _SHOW, bits=32)] = None


def read(root: Root, names: Collection[str] | None) -> Mapping[str, Diskstats]:
    """All devices and partitions that have had a request."""
    found: dict[str, Diskstats] = {}
    lines = root.read(_PATH).splitlines()
    for line in lines:
        parts = line.split()
        if len(parts) < 14:
            continue
        try:
            numbers = [int(each) for each in parts[3:20]]
        except ValueError:
            continue
        if not any(numbers):
            continue
        name = parts[2].decode("utf-8", "surrogateescape")
        if names is None or name in names:
            found[name] = _record(f"{_plain(parts[0])}:{_plain(parts[1])}", numbers)
    if not found and lines and not any(len(line.split()) >= 14 for line in lines):
        raise Unavailable(_PATH, "none of its lines is one of a device")
    return found


def _plain(number: bytes) -> str:
    return number.decode("ascii", "replace")


def _record(number: str, of: list[int]) -> Diskstats:
    # Linux before 4.18 has 11 fields, before 5.5 it has 15.
    discards = of[11:15] if len(of) >= 15 else [None] * 4
    flushes = of[15:17] if len(of) >= 17 else [None] * 2
    return Diskstats(
        number=number,
        reads=of[0],
        reads_merged=of[1],
        read_bytes=of[2] * _SECTOR_BYTES,
        read_ms=of[3],
        writes=of[4],
        writes_merged=of[5],
        write_bytes=of[6] * _SECTOR_BYTES,
        write_ms=of[7],
        in_flight=of[8],
        busy_ms=of[9],
        waited_ms=of[10],
        discards=discards[0],
        discard_bytes=None if discards[2] is None else discards[2] * _SECTOR_BYTES,
        discard_ms=discards[3],
        flushes=flushes[0],
        flush_ms=flushes[1],
    )


SOURCE = EntitySource(
    name="diskstats",
    doc="Requests, bytes and time of each block device and partition.",
    files=(_PATH,),
    record=Diskstats,
    read=read,
    scope="device",
)
