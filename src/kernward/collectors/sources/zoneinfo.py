"""/proc/zoneinfo: the watermarks of each zone, which decide when reclaim begins."""

import re
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "zoneinfo_show_print() in mm/vmstat.c"
_ZONE = re.compile(rb"^Node (\d{1,5}), zone +(\w{1,16})$", re.MULTILINE)
# What stands first for a zone; its counters, and those of the node before the first zone, are in vmstat.
_LINE = re.compile(
    rb"^ +(?:pages )?(free|boost|min|low|high|spanned|present|managed) +(\d{1,20})$", re.MULTILINE
)
_PER_CPU = re.compile(rb"^ +count: +(\d{1,20})$", re.MULTILINE)
_UNRECLAIMABLE = re.compile(rb"^ +node_unreclaimable: +(\d)$", re.MULTILINE)


class Zone(msgspec.Struct, frozen=True):
    """A zone of a node: free pages and the watermarks they are compared with."""

    free_pages: Annotated[
        int | None, gauge("pages", "free pages, those kept in per-CPU lists not counted", _SHOW)
    ] = None
    boost_pages: Annotated[
        int | None,
        gauge(
            "pages",
            "what the watermarks are raised by after a fallback",
            "boost_watermark() in mm/page_alloc.c",
        ),
    ] = None
    min_pages: Annotated[
        int | None,
        gauge("pages", "below it tasks reclaim themselves", "__setup_per_zone_wmarks() in mm/page_alloc.c"),
    ] = None
    low_pages: Annotated[
        int | None, gauge("pages", "below it kswapd is woken", "__setup_per_zone_wmarks() in mm/page_alloc.c")
    ] = None
    high_pages: Annotated[
        int | None, gauge("pages", "up to it kswapd reclaims", "__setup_per_zone_wmarks() in mm/page_alloc.c")
    ] = None
    per_cpu_pages: Annotated[
        int | None,
        gauge(
            "pages",
            "free pages kept in per-CPU lists; since Linux 6.7 up to an eighth of the zone",
            "zoneinfo_show_print() in mm/vmstat.c",
        ),
    ] = None
    managed_pages: Annotated[int | None, gauge("pages", "pages that the allocator has", _SHOW)] = None
    unreclaimable: Annotated[
        int | None,
        gauge(
            "", "1 where kswapd gave up on the node", "kswapd_failures, MAX_RECLAIM_RETRIES in mm/vmscan.c"
        ),
    ] = None


def read(root: Root, wanted: Collection[str] | None) -> dict[str, Zone]:
    """The zones that have pages, by "node/zone": "0/Normal"."""
    path = "/proc/zoneinfo"
    data = root.read(path)
    marks = list(_ZONE.finditer(data))
    found: dict[str, Zone] = {}
    for number, mark in enumerate(marks):
        name = f"{int(mark[1])}/{mark[2].decode()}"
        if wanted is not None and name not in wanted:
            continue
        end = marks[number + 1].start() if number + 1 < len(marks) else len(data)
        begin = data.find(b"pages free", mark.end(), end)
        if begin < 0:
            continue
        begin = data.rfind(b"\n", 0, begin) + 1
        stop = data.find(b"pagesets", begin, end)
        values: dict[bytes, int] = {}
        for field, value in _LINE.findall(data, begin, stop if stop >= 0 else end):
            values.setdefault(field, int(value))
        if not values.get(b"managed"):
            continue
        lists = _PER_CPU.findall(data, stop, end) if stop >= 0 else []
        given_up = _UNRECLAIMABLE.search(data, begin, end)
        found[name] = Zone(
            free_pages=values.get(b"free"),
            boost_pages=values.get(b"boost"),
            min_pages=values.get(b"min"),
            low_pages=values.get(b"low"),
            high_pages=values.get(b"high"),
            per_cpu_pages=sum(map(int, lists)) if lists else None,
            managed_pages=values[b"managed"],
            unreclaimable=int(given_up[1]) if given_up else None,
        )
    if not found and wanted is None:
        raise Unavailable(path, "it has no zone with pages")
    return found


SOURCE = EntitySource(
    name="zoneinfo",
    doc="Free pages and watermarks of each zone of each node.",
    files=("/proc/zoneinfo",),
    record=Zone,
    read=read,
    scope="other",
    # The kernel prints every CPU's lists for every zone, which costs it milliseconds on large machines.
    when="check",
)
