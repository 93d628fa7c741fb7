"""/proc/sys/vm/dirty_*: how many dirty pages writers may make, and when they are written.

How many there are, and the limits in pages that follow from these, are in /proc/vmstat.
"""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_FILE = "mm/page-writeback.c"
_VMSTAT = "vmstat_start() in mm/vmstat.c"
_COUNTS = {
    b"nr_dirty": "dirty_pages",
    b"nr_writeback": "writeback_pages",
    b"nr_dirty_threshold": "limit_pages",
    b"nr_dirty_background_threshold": "background_limit_pages",
}


class Writeback(msgspec.Struct, frozen=True):
    """Of bytes and ratio only one is in force: the one that was set last, the other is 0."""

    dirty_pages: Annotated[int | None, gauge("pages", "pages to be written", _VMSTAT)] = None
    writeback_pages: Annotated[int | None, gauge("pages", "pages being written", _VMSTAT)] = None
    limit_pages: Annotated[
        int | None,
        gauge(
            "pages", "dirty pages at which every writer waits", "domain_dirty_limits() in mm/page-writeback.c"
        ),
    ] = None
    background_limit_pages: Annotated[
        int | None,
        gauge("pages", "dirty pages at which writing begins", "domain_dirty_limits() in mm/page-writeback.c"),
    ] = None
    dirty_bytes: Annotated[int | None, fact("vm.dirty_bytes", _FILE)] = None
    dirty_ratio_percent: Annotated[int | None, fact("vm.dirty_ratio, of memory that can be had", _FILE)] = (
        None
    )
    background_bytes: Annotated[int | None, fact("vm.dirty_background_bytes", _FILE)] = None
    background_ratio_percent: Annotated[int | None, fact("vm.dirty_background_ratio", _FILE)] = None
    expire_s: Annotated[float | None, fact("vm.dirty_expire_centisecs: older pages are written", _FILE)] = (
        None
    )
    interval_s: Annotated[
        float | None, fact("vm.dirty_writeback_centisecs: how often that is looked at", _FILE)
    ] = None


def read(root: Root) -> Writeback:
    """The settings, and the counts of /proc/vmstat."""
    values: dict[str, int] = {}
    for line in root.read("/proc/vmstat").splitlines():
        name, _, number = line.partition(b" ")
        field = _COUNTS.get(name)
        if field:
            try:
                values[field] = int(number)
            except ValueError:
                continue
    if not values:
        raise Unavailable("/proc/vmstat", "it counts no dirty pages")
    setting = "/proc/sys/vm/dirty_"
    expire = root.number(f"{setting}expire_centisecs")
    interval = root.number(f"{setting}writeback_centisecs")
    return Writeback(
        **values,
        dirty_bytes=root.number(f"{setting}bytes"),
        dirty_ratio_percent=root.number(f"{setting}ratio"),
        background_bytes=root.number(f"{setting}background_bytes"),
        background_ratio_percent=root.number(f"{setting}background_ratio"),
        expire_s=None if expire is None else expire / 100,
        interval_s=None if interval is None else interval / 100,
    )


SOURCE = Source(
    name="writeback",
    doc="Dirty pages, their limits, and the settings behind these.",
    files=("/proc/vmstat", "/proc/sys/vm/dirty_*"),
    record=Writeback,
    read=read,
    when="check",
)
