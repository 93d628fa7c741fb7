"""Settings of the memory management that explain what it does: /proc/sys/vm and transparent huge pages."""

import re
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_OVERCOMMIT = "__vm_enough_memory() in mm/util.c"
_THP = "/sys/kernel/mm/transparent_hugepage"
_CHOSEN = re.compile(r"\[([a-z_+]{1,20})\]")


class MemorySettings(msgspec.Struct, frozen=True):
    """One file each."""

    overcommit_memory: Annotated[
        int | None, fact("0 heuristic, 1 always, 2 never beyond CommitLimit", _OVERCOMMIT)
    ] = None
    overcommit_ratio_percent: Annotated[
        int | None, gauge("%", "part of memory that counts for CommitLimit", _OVERCOMMIT)
    ] = None
    swappiness: Annotated[
        int | None,
        fact(
            "how much rather anonymous memory is reclaimed than page cache", "get_scan_count() in mm/vmscan.c"
        ),
    ] = None
    min_free_bytes: Annotated[
        int | None,
        gauge("bytes", "what the min watermarks add up to", "setup_per_zone_wmarks() in mm/page_alloc.c"),
    ] = None
    watermark_scale_factor: Annotated[
        int | None,
        fact(
            "distance of the watermarks, in 1/10000 of a zone", "__setup_per_zone_wmarks() in mm/page_alloc.c"
        ),
    ] = None
    zone_reclaim_mode: Annotated[
        int | None,
        fact("above 0: a node reclaims rather than using another's memory", "node_reclaim() in mm/vmscan.c"),
    ] = None
    panic_on_oom: Annotated[
        int | None,
        fact("above 0: the kernel panics instead of killing", "check_panic_on_oom() in mm/oom_kill.c"),
    ] = None
    numa_balancing: Annotated[
        int | None,
        fact("above 0: pages follow those who use them", "task_numa_fault() in kernel/sched/fair.c"),
    ] = None
    thp_enabled: Annotated[
        str | None, fact("who gets huge pages: always, madvise, never", "enabled_show() in mm/huge_memory.c")
    ] = None
    thp_defrag: Annotated[
        str | None,
        fact(
            "who compacts for them at a fault: always, defer, madvise, …", "defrag_show() in mm/huge_memory.c"
        ),
    ] = None


def read(root: Root) -> MemorySettings:
    """The settings; each that cannot be read is absent."""
    reserve = root.number("/proc/sys/vm/min_free_kbytes")
    found = MemorySettings(
        overcommit_memory=root.number("/proc/sys/vm/overcommit_memory"),
        overcommit_ratio_percent=root.number("/proc/sys/vm/overcommit_ratio"),
        swappiness=root.number("/proc/sys/vm/swappiness"),
        min_free_bytes=None if reserve is None else reserve << 10,
        watermark_scale_factor=root.number("/proc/sys/vm/watermark_scale_factor"),
        zone_reclaim_mode=root.number("/proc/sys/vm/zone_reclaim_mode"),
        panic_on_oom=root.number("/proc/sys/vm/panic_on_oom"),
        numa_balancing=root.number("/proc/sys/kernel/numa_balancing"),
        thp_enabled=_chosen(root, f"{_THP}/enabled"),
        thp_defrag=_chosen(root, f"{_THP}/defrag"),
    )
    if found == MemorySettings():
        raise Unavailable("/proc/sys/vm", "none of its settings can be read")
    return found


def _chosen(root: Root, path: str) -> str | None:
    """`always [madvise] never` chooses madvise."""
    found = _CHOSEN.search(root.text(path) or "")
    return found[1] if found else None


_FILES = {
    "overcommit_memory": "/proc/sys/vm/overcommit_memory",
    "overcommit_ratio_percent": "/proc/sys/vm/overcommit_ratio",
    "swappiness": "/proc/sys/vm/swappiness",
    "min_free_bytes": "/proc/sys/vm/min_free_kbytes",
    "watermark_scale_factor": "/proc/sys/vm/watermark_scale_factor",
    "zone_reclaim_mode": "/proc/sys/vm/zone_reclaim_mode",
    "panic_on_oom": "/proc/sys/vm/panic_on_oom",
    "numa_balancing": "/proc/sys/kernel/numa_balancing",
    "thp_enabled": f"{_THP}/enabled",
    "thp_defrag": f"{_THP}/defrag",
}

SOURCE = Source(
    name="memory_settings",
    doc="Settings of memory management: overcommit, swappiness, watermarks, huge pages.",
    files=("/proc/sys/vm/*", f"{_THP}/enabled", f"{_THP}/defrag"),
    record=MemorySettings,
    read=read,
    file_of=_FILES.get,
    when="check",
)
