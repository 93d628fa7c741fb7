"""Memory of each cgroup: what it holds, its limits, how often they were met, what was reclaimed of it."""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors import cgroups
from kernward.collectors.cgroups import Group
from kernward.collectors.quantity import counter, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_STAT = "memory_stat_format() in mm/memcontrol.c (memcg1_stat_format() in version 1)"
_EVENTS = "memory_events_local_show() in mm/memcontrol.c"
_LIMIT = "page_counter_try_charge() in mm/page_counter.c"
_LRU = "shrink_folio_list() in mm/vmscan.c"


class CgroupMemory(msgspec.Struct, frozen=True):
    """memory.current, its limits, memory.events.local and memory.stat; version 1 has fewer of these.

    Bytes and pages include all below the group. Events are those of the group's own limits (kernels
    before 5.3, which count them together with those below, excepted).
    """

    usage_bytes: Annotated[
        int | None, gauge("bytes", "memory charged to it, page cache included", "memory_current_read()")
    ] = None
    limit_bytes: Annotated[
        int | None, gauge("bytes", "memory.max or memory.limit_in_bytes; absent: no limit", _LIMIT)
    ] = None
    high_bytes: Annotated[
        int | None,
        gauge("bytes", "memory.high: beyond it, its tasks reclaim; absent: none", "reclaim_high()"),
    ] = None
    swap_bytes: Annotated[int | None, gauge("bytes", "its memory that is in swap", _STAT)] = None
    swap_limit_bytes: Annotated[
        int | None, gauge("bytes", "memory.swap.max; absent: no limit", "mem_cgroup_try_charge_swap()")
    ] = None
    memory_and_swap_limit_bytes: Annotated[
        int | None, gauge("bytes", "memory.memsw.limit_in_bytes of version 1; absent: no limit", _LIMIT)
    ] = None
    max_events: Annotated[
        int | None, counter("", "charges that met the limit (memory.max; failcnt in version 1)", _EVENTS)
    ] = None
    high_events: Annotated[int | None, counter("", "times its tasks reclaimed for memory.high", _EVENTS)] = (
        None
    )
    low_events: Annotated[
        int | None, counter("", "times it was reclaimed though below memory.low", _EVENTS)
    ] = None
    oom_events: Annotated[
        int | None, counter("", "times it met its limit and reclaim found nothing", _EVENTS)
    ] = None
    oom_kills: Annotated[int | None, counter("", "processes of it killed for lack of memory", _EVENTS)] = None
    anon_bytes: Annotated[int | None, gauge("bytes", "anonymous memory in RAM", _STAT)] = None
    file_bytes: Annotated[int | None, gauge("bytes", "page cache, tmpfs included", _STAT)] = None
    shmem_bytes: Annotated[int | None, gauge("bytes", "tmpfs and shared memory", _STAT)] = None
    kernel_bytes: Annotated[
        int | None,
        gauge("bytes", "memory of the kernel for it: slab, stacks, page tables (since 5.18)", _STAT),
    ] = None
    slab_bytes: Annotated[int | None, gauge("bytes", "of that, slab", _STAT)] = None
    slab_unreclaimable_bytes: Annotated[
        int | None, gauge("bytes", "of that, slab that cannot be reclaimed", _STAT)
    ] = None
    sock_bytes: Annotated[int | None, gauge("bytes", "buffers of sockets", _STAT)] = None
    dirty_bytes: Annotated[int | None, gauge("bytes", "page cache that is to be written", _STAT)] = None
    writeback_bytes: Annotated[int | None, gauge("bytes", "page cache that is being written", _STAT)] = None
    active_file_bytes: Annotated[int | None, gauge("bytes", "page cache used more than once", _STAT)] = None
    inactive_file_bytes: Annotated[
        int | None, gauge("bytes", "page cache that is reclaimed first", _STAT)
    ] = None
    faults: Annotated[int | None, counter("", "page faults", _STAT)] = None
    major_faults: Annotated[int | None, counter("", "page faults that waited for I/O", _STAT)] = None
    refaulted_anon_pages: Annotated[
        int | None, counter("pages", "read back from swap soon after", "workingset_refault()")
    ] = None
    refaulted_file_pages: Annotated[
        int | None, counter("pages", "read into the page cache again soon after", "workingset_refault()")
    ] = None
    scanned_pages: Annotated[int | None, counter("pages", "looked at by reclaim", _LRU)] = None
    reclaimed_pages: Annotated[int | None, counter("pages", "freed by reclaim", _LRU)] = None
    scanned_direct_pages: Annotated[
        int | None, counter("pages", "looked at by tasks that needed memory themselves", _LRU)
    ] = None
    reclaimed_direct_pages: Annotated[int | None, counter("pages", "freed by those tasks", _LRU)] = None
    swapped_in_pages: Annotated[
        int | None, counter("pages", "read from swap (since 6.12)", "swap_read_folio()")
    ] = None
    swapped_out_pages: Annotated[
        int | None, counter("pages", "written to swap (since 6.12)", "swap_writepage()")
    ] = None
    under_oom: Annotated[
        int | None, gauge("", "1: its tasks wait for memory, as version 1 may be told", "memory.oom_control")
    ] = None
    id: Annotated[int | None, identity("", "tells it from a later group of that name", "cgroup_id()")] = None


_TELLING = ("memory.usage_in_bytes", "memory.failcnt")


def read(root: Root, entities: Collection[str] | None) -> dict[str, CgroupMemory]:
    """By path of the cgroup."""
    tree = cgroups.hierarchy(root, "memory")
    if tree is None:
        raise Unavailable("/sys/fs/cgroup", "no cgroup hierarchy with memory is mounted", gone=True)
    read_one = _version_1 if tree.version == 1 else _version_2
    found: dict[str, CgroupMemory] = {}
    memory: cgroups.Memory[CgroupMemory] = cgroups.Memory(root, "cgroup_memory")
    for group in cgroups.groups(root, tree, entities):
        # Of a group that has not run, what others have reclaimed of it shows in its usage.
        told = (cgroups.contents(root, group, "memory.current") if tree.version == 2 else None) or b""
        known = memory.known(group, told) if told and cgroups.is_idle(root, group) else None
        if tree.version == 1:
            # Nothing tells who is idle; but a group that has neither grown nor shrunk, nor met its limit,
            # has done little, and its statistics are the dearest of its files.
            told = b" ".join(cgroups.contents(root, group, file) or b"" for file in _TELLING)
            known = memory.known(group, told)
        if known is None:
            stat = cgroups.contents(root, group, "memory.stat")
            if stat is None:
                continue
            known = memory.learn(group, told, read_one(root, group, cgroups.pairs(stat), told))
        found[group.name] = known
    return found


def _version_2(root: Root, group: Group, stat: dict[bytes, bytes], current: bytes) -> CgroupMemory:
    of, whole = stat, cgroups.whole
    events: dict[bytes, bytes] = {}
    usage = limit = high = swap = swap_limit = None
    if not group.top:
        usage = cgroups.number(current)
        limit = cgroups.value(root, group, "memory.max")
        high = cgroups.value(root, group, "memory.high")
        swap = cgroups.value(root, group, "memory.swap.current")
        swap_limit = cgroups.value(root, group, "memory.swap.max")
        local = cgroups.contents(root, group, "memory.events.local")
        events = cgroups.pairs(local if local is not None else cgroups.contents(root, group, "memory.events"))
    return CgroupMemory(
        usage_bytes=usage,
        limit_bytes=limit,
        high_bytes=high,
        swap_bytes=swap,
        swap_limit_bytes=swap_limit,
        max_events=whole(events, b"max"),
        high_events=whole(events, b"high"),
        low_events=whole(events, b"low"),
        oom_events=whole(events, b"oom"),
        oom_kills=whole(events, b"oom_kill"),
        anon_bytes=whole(of, b"anon"),
        file_bytes=whole(of, b"file"),
        shmem_bytes=whole(of, b"shmem"),
        kernel_bytes=whole(of, b"kernel"),
        slab_bytes=whole(of, b"slab"),
        slab_unreclaimable_bytes=whole(of, b"slab_unreclaimable"),
        sock_bytes=whole(of, b"sock"),
        dirty_bytes=whole(of, b"file_dirty"),
        writeback_bytes=whole(of, b"file_writeback"),
        active_file_bytes=whole(of, b"active_file"),
        inactive_file_bytes=whole(of, b"inactive_file"),
        faults=whole(of, b"pgfault"),
        major_faults=whole(of, b"pgmajfault"),
        refaulted_anon_pages=whole(of, b"workingset_refault_anon"),
        refaulted_file_pages=whole(of, b"workingset_refault_file"),
        scanned_pages=whole(of, b"pgscan"),
        reclaimed_pages=whole(of, b"pgsteal"),
        scanned_direct_pages=whole(of, b"pgscan_direct"),
        reclaimed_direct_pages=whole(of, b"pgsteal_direct"),
        swapped_in_pages=whole(of, b"pswpin"),
        swapped_out_pages=whole(of, b"pswpout"),
        id=group.id,
    )


def _version_1(root: Root, group: Group, stat: dict[bytes, bytes], current: bytes) -> CgroupMemory:
    whole = cgroups.whole
    control = cgroups.pairs(cgroups.contents(root, group, "memory.oom_control"))
    # With hierarchy (the default since 5.11) total_ includes what is below; before, it is the same.
    return CgroupMemory(
        usage_bytes=cgroups.value(root, group, "memory.usage_in_bytes"),
        limit_bytes=cgroups.value(root, group, "memory.limit_in_bytes"),
        memory_and_swap_limit_bytes=cgroups.value(root, group, "memory.memsw.limit_in_bytes"),
        swap_bytes=whole(stat, b"total_swap"),
        max_events=cgroups.value(root, group, "memory.failcnt"),
        oom_kills=whole(control, b"oom_kill"),
        under_oom=whole(control, b"under_oom"),
        anon_bytes=whole(stat, b"total_rss"),
        file_bytes=whole(stat, b"total_cache"),
        shmem_bytes=whole(stat, b"total_shmem"),
        kernel_bytes=cgroups.value(root, group, "memory.kmem.usage_in_bytes"),
        dirty_bytes=whole(stat, b"total_dirty"),
        writeback_bytes=whole(stat, b"total_writeback"),
        active_file_bytes=whole(stat, b"total_active_file"),
        inactive_file_bytes=whole(stat, b"total_inactive_file"),
        faults=whole(stat, b"total_pgfault"),
        major_faults=whole(stat, b"total_pgmajfault"),
        refaulted_anon_pages=whole(stat, b"total_workingset_refault_anon"),
        refaulted_file_pages=whole(stat, b"total_workingset_refault_file"),
        id=group.id,
    )


FILES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        (each for each in CgroupMemory.__struct_fields__ if each != "id"), ("memory.stat", "memory.stat")
    ),
    "usage_bytes": ("memory.current", "memory.usage_in_bytes"),
    "limit_bytes": ("memory.max", "memory.limit_in_bytes"),
    "high_bytes": ("memory.high", ""),
    "swap_bytes": ("memory.swap.current", "memory.stat"),
    "swap_limit_bytes": ("memory.swap.max", ""),
    "memory_and_swap_limit_bytes": ("", "memory.memsw.limit_in_bytes"),
    "max_events": ("memory.events.local", "memory.failcnt"),
    **dict.fromkeys(("high_events", "low_events", "oom_events"), ("memory.events.local", "")),
    "oom_kills": ("memory.events.local", "memory.oom_control"),
    "under_oom": ("", "memory.oom_control"),
    "kernel_bytes": ("memory.stat", "memory.kmem.usage_in_bytes"),
}

SOURCE = EntitySource(
    name="cgroup_memory",
    doc="Memory of each cgroup, its limits, how often they were met, faults and reclaim.",
    files=(
        "/sys/fs/cgroup/GROUP/memory.stat",
        "/sys/fs/cgroup/GROUP/memory.current",
        "/sys/fs/cgroup/GROUP/memory.max",
        "/sys/fs/cgroup/GROUP/memory.high",
        "/sys/fs/cgroup/GROUP/memory.events.local",
        "/sys/fs/cgroup/memory/GROUP/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/GROUP/memory.failcnt",
    ),
    record=CgroupMemory,
    read=read,
    scope="cgroup",
    group_file=FILES.get,
)
