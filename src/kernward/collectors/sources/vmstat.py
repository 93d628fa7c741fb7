"""/proc/vmstat: what the kernel did about memory: faults, reclaim, swap, compaction, kills.

Fields are called as in the file, `_pages` added where pages are counted; counters of zones are added up.
The counters of scanning and stealing by kswapd and by direct reclaim are of the host alone, those by kind
of page (anon, file), of refaults and of swap have what cgroups reclaim at their own limits as well.
"""

from typing import Annotated

import msgspec

from kernward.collectors.pairs import pairs
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_SCAN = "shrink_inactive_list() in mm/vmscan.c"
_WORKINGSET = "workingset_refault() in mm/workingset.c"
_ALLOC = "__alloc_pages_slowpath() in mm/page_alloc.c"
_KSWAPD = "balance_pgdat() in mm/vmscan.c"
_COMPACT = "kcompactd_do_work() in mm/compaction.c"
_MIGRATE = "isolate_migratepages_block() in mm/compaction.c"
_FREE_SCAN = "isolate_freepages_block() in mm/compaction.c"
_ZONES = "vmstat_start() in mm/vmstat.c"
_FAULT = "mm_account_fault() in mm/memory.c"
_MAJOR = "filemap_fault() in mm/filemap.c, do_swap_page() in mm/memory.c"
_THP = "vma_alloc_anon_folio_pmd() in mm/huge_memory.c"
_NUMA = "do_numa_page() in mm/memory.c"
_OOM = "__oom_kill_process() in mm/oom_kill.c"


class Vmstat(msgspec.Struct, frozen=True):
    """`pgscan_kswapd 426568` and some 190 lines more."""

    nr_free_pages: Annotated[int | None, gauge("pages", "pages that nobody uses", _ZONES)] = None
    nr_slab_reclaimable_pages: Annotated[int | None, gauge("pages", "slab that can shrink", _ZONES)] = None
    nr_slab_unreclaimable_pages: Annotated[int | None, gauge("pages", "slab that cannot", _ZONES)] = None
    nr_zspages: Annotated[
        int | None, gauge("pages", "pages of zram and zswap, which meminfo counts nowhere", _ZONES)
    ] = None
    nr_isolated_anon_pages: Annotated[
        int | None, gauge("pages", "anonymous pages that reclaim or migration holds", _ZONES)
    ] = None
    nr_isolated_file_pages: Annotated[int | None, gauge("pages", "the same of the page cache", _ZONES)] = None
    nr_dirty_pages: Annotated[int | None, gauge("pages", "page cache to be written", _ZONES)] = None
    nr_writeback_pages: Annotated[int | None, gauge("pages", "page cache being written", _ZONES)] = None
    nr_dirty_threshold_pages: Annotated[
        int | None,
        gauge("pages", "from here on writers wait", "global_dirty_limits() in mm/page-writeback.c"),
    ] = None
    nr_dirty_background_threshold_pages: Annotated[
        int | None,
        gauge("pages", "from here on the flusher writes", "global_dirty_limits() in mm/page-writeback.c"),
    ] = None
    nr_dirtied_pages: Annotated[
        int | None,
        counter("pages", "page cache that became dirty", "folio_account_dirtied() in mm/page-writeback.c"),
    ] = None
    nr_written_pages: Annotated[
        int | None, counter("pages", "page cache written", "__folio_end_writeback() in mm/page-writeback.c")
    ] = None
    nr_vmscan_write_pages: Annotated[
        int | None,
        counter("pages", "pages that reclaim itself wrote, to swap mostly", "pageout() in mm/vmscan.c"),
    ] = None
    nr_vmscan_immediate_reclaim_pages: Annotated[
        int | None,
        counter(
            "pages",
            "pages under writeback that reclaim met, and marked",
            "shrink_folio_list() in mm/vmscan.c",
        ),
    ] = None
    nr_throttled_written_pages: Annotated[
        int | None,
        counter("pages", "written while reclaim was throttled", "__acct_reclaim_writeback() in mm/vmscan.c"),
    ] = None
    workingset_refault_anon_pages: Annotated[
        int | None,
        counter("pages", "anonymous pages that came back soon after they were evicted", _WORKINGSET),
    ] = None
    workingset_refault_file_pages: Annotated[
        int | None, counter("pages", "page cache that was read again soon after it was evicted", _WORKINGSET)
    ] = None
    workingset_activate_anon_pages: Annotated[
        int | None, counter("pages", "refaults that went to the active list at once, anonymous", _WORKINGSET)
    ] = None
    workingset_activate_file_pages: Annotated[
        int | None, counter("pages", "refaults that went to the active list at once, page cache", _WORKINGSET)
    ] = None
    workingset_restore_anon_pages: Annotated[
        int | None, counter("pages", "refaults of pages that had been active, anonymous", _WORKINGSET)
    ] = None
    workingset_restore_file_pages: Annotated[
        int | None, counter("pages", "refaults of pages that had been active, page cache", _WORKINGSET)
    ] = None
    pgpgin_kib: Annotated[
        int | None, counter("KiB", "read from block devices", "submit_bio() in block/blk-core.c")
    ] = None
    pgpgout_kib: Annotated[
        int | None, counter("KiB", "written to block devices", "submit_bio() in block/blk-core.c")
    ] = None
    pswpin_pages: Annotated[
        int | None, counter("pages", "pages read from swap", "swap_read_folio() in mm/page_io.c")
    ] = None
    pswpout_pages: Annotated[
        int | None, counter("pages", "pages written to swap", "count_swpout_vm_event() in mm/page_io.c")
    ] = None
    zswpin_pages: Annotated[
        int | None, counter("pages", "pages from zswap", "zswap_load() in mm/zswap.c")
    ] = None
    zswpout_pages: Annotated[
        int | None, counter("pages", "pages to zswap", "zswap_store() in mm/zswap.c")
    ] = None
    pgfault: Annotated[int | None, counter("", "page faults", _FAULT)] = None
    pgmajfault: Annotated[int | None, counter("", "page faults that had to read from a disk", _MAJOR)] = None
    pgfree_pages: Annotated[
        int | None, counter("pages", "pages given back", "free_pages_prepare() in mm/page_alloc.c")
    ] = None
    pgalloc_pages: Annotated[
        int | None, counter("pages", "pages handed out, all zones", "rmqueue() in mm/page_alloc.c")
    ] = None
    allocstall: Annotated[
        int | None,
        counter(
            "",
            "allocations that had to reclaim themselves, all zones",
            "do_try_to_free_pages() in mm/vmscan.c",
        ),
    ] = None
    pgscan_kswapd_pages: Annotated[int | None, counter("pages", "looked at by kswapd", _SCAN)] = None
    pgscan_direct_pages: Annotated[
        int | None, counter("pages", "looked at by tasks that wanted memory of the host", _SCAN)
    ] = None
    pgsteal_kswapd_pages: Annotated[int | None, counter("pages", "reclaimed by kswapd", _SCAN)] = None
    pgsteal_direct_pages: Annotated[
        int | None, counter("pages", "reclaimed by tasks that wanted memory of the host", _SCAN)
    ] = None
    pgscan_anon_pages: Annotated[
        int | None, counter("pages", "anonymous pages looked at, by cgroups' own reclaim as well", _SCAN)
    ] = None
    pgscan_file_pages: Annotated[int | None, counter("pages", "the same of the page cache", _SCAN)] = None
    pgsteal_anon_pages: Annotated[
        int | None, counter("pages", "anonymous pages reclaimed, by cgroups' own reclaim as well", _SCAN)
    ] = None
    pgsteal_file_pages: Annotated[int | None, counter("pages", "the same of the page cache", _SCAN)] = None
    pgscan_direct_throttle: Annotated[
        int | None,
        counter(
            "",
            "tasks put to sleep because the reserves were half gone",
            "throttle_direct_reclaim() in mm/vmscan.c",
        ),
    ] = None
    slabs_scanned: Annotated[
        int | None, counter("", "objects that shrinkers looked at", "do_shrink_slab() in mm/shrinker.c")
    ] = None
    zone_reclaim_success: Annotated[
        int | None,
        counter(
            "",
            "reclaim of a node because of vm.zone_reclaim_mode that found enough",
            "node_reclaim() in mm/vmscan.c",
        ),
    ] = None
    zone_reclaim_failed: Annotated[
        int | None, counter("", "the same that did not", "node_reclaim() in mm/vmscan.c")
    ] = None
    kswapd_low_wmark_hit_quickly: Annotated[
        int | None, counter("", "kswapd was woken again within 0.1 s below the low watermark", _KSWAPD)
    ] = None
    kswapd_high_wmark_hit_quickly: Annotated[
        int | None, counter("", "the same below the high watermark", _KSWAPD)
    ] = None
    pageoutrun: Annotated[int | None, counter("", "runs of kswapd", _KSWAPD)] = None
    oom_kill: Annotated[
        int | None, counter("", "processes killed for want of memory, in cgroups too", _OOM)
    ] = None
    compact_stall: Annotated[
        int | None,
        counter(
            "",
            "allocations that had to compact themselves",
            "__alloc_pages_direct_compact() in mm/page_alloc.c",
        ),
    ] = None
    compact_fail: Annotated[
        int | None,
        counter("", "those that got no block by it", "__alloc_pages_direct_compact() in mm/page_alloc.c"),
    ] = None
    compact_success: Annotated[
        int | None, counter("", "those that did", "__alloc_pages_direct_compact() in mm/page_alloc.c")
    ] = None
    compact_daemon_wake: Annotated[
        int | None, counter("", "times kcompactd was woken", "kcompactd_do_work() in mm/compaction.c")
    ] = None
    compact_migrate_scanned_pages: Annotated[
        int | None, counter("pages", "looked at, for pages to move, by anybody", _MIGRATE)
    ] = None
    compact_free_scanned_pages: Annotated[
        int | None, counter("pages", "looked at, for places to move them to, by anybody", _FREE_SCAN)
    ] = None
    compact_daemon_migrate_scanned_pages: Annotated[
        int | None, counter("pages", "looked at, for pages to move, by kcompactd", _COMPACT)
    ] = None
    compact_daemon_free_scanned_pages: Annotated[
        int | None, counter("pages", "looked at, for places to move them to, by kcompactd", _COMPACT)
    ] = None
    compact_isolated_pages: Annotated[
        int | None, counter("pages", "taken off their lists to be moved", _MIGRATE)
    ] = None
    pgmigrate_success_pages: Annotated[
        int | None, counter("pages", "pages moved", "migrate_pages() in mm/migrate.c")
    ] = None
    pgmigrate_fail_pages: Annotated[
        int | None, counter("pages", "pages that could not be moved", "migrate_pages() in mm/migrate.c")
    ] = None
    thp_fault_alloc: Annotated[int | None, counter("", "page faults that got a huge page", _THP)] = None
    thp_fault_fallback: Annotated[
        int | None, counter("", "page faults that wanted a huge page and got small ones", _THP)
    ] = None
    thp_collapse_alloc: Annotated[
        int | None, counter("", "huge pages that khugepaged made", "alloc_charge_folio() in mm/khugepaged.c")
    ] = None
    thp_collapse_alloc_failed: Annotated[
        int | None, counter("", "huge pages that it could not get", "alloc_charge_folio() in mm/khugepaged.c")
    ] = None
    thp_split_page: Annotated[
        int | None, counter("", "huge pages split", "__folio_split() in mm/huge_memory.c")
    ] = None
    numa_hit: Annotated[
        int | None,
        counter("pages", "pages from the node that was wanted", "zone_statistics() in mm/page_alloc.c"),
    ] = None
    numa_miss: Annotated[
        int | None,
        counter(
            "pages", "pages from a node because another had none", "zone_statistics() in mm/page_alloc.c"
        ),
    ] = None
    numa_local: Annotated[
        int | None, counter("pages", "pages from the node of the CPU", "zone_statistics() in mm/page_alloc.c")
    ] = None
    numa_other: Annotated[
        int | None, counter("pages", "pages from another node", "zone_statistics() in mm/page_alloc.c")
    ] = None
    numa_hint_faults: Annotated[
        int | None, counter("", "faults by which NUMA balancing learns who uses a page", _NUMA)
    ] = None
    numa_hint_faults_local: Annotated[int | None, counter("", "those on the page's own node", _NUMA)] = None
    numa_pages_migrated: Annotated[
        int | None,
        counter("pages", "pages moved to another node", "migrate_misplaced_folio() in mm/migrate.c"),
    ] = None


# Counters that exist once for each zone; and how files before 5.9 called what has two kinds since.
_SUMS = {"allocstall": b"allocstall_", "pgalloc_pages": b"pgalloc_"}
_OTHER = {
    "pgpgin_kib": b"pgpgin",
    "pgpgout_kib": b"pgpgout",
}
_BEFORE_5_9 = {
    "workingset_refault_file_pages": b"workingset_refault",
    "workingset_activate_file_pages": b"workingset_activate",
    "workingset_restore_file_pages": b"workingset_restore",
}
# The file's name of each field: its own (nr_free_pages), or its own without the unit.
_NAMES = tuple(
    (field, field.encode(), _OTHER.get(field, field.removesuffix("_pages").encode()))
    for field in Vmstat.__struct_fields__
    if field not in _SUMS
)


def read(root: Root) -> Vmstat:
    """What the kernel did about memory since boot."""
    path = "/proc/vmstat"
    found = pairs(root.read(path, 1 << 16))
    if b"nr_free_pages" not in found:
        raise Unavailable(path, "it has no line 'nr_free_pages …'")
    values: dict[str, int | None] = {}
    for field, whole, short in _NAMES:
        value = found.get(short)
        values[field] = found.get(whole) if value is None else value
    for field, name in _BEFORE_5_9.items():
        if values[field] is None:
            values[field] = found.get(name)
    for field, prefix in _SUMS.items():
        zones = [value for name, value in found.items() if name.startswith(prefix)]
        values[field] = sum(zones) if zones else None
    return Vmstat(**values)


SOURCE = Source(
    name="vmstat",
    doc="What the kernel did about memory: faults, reclaim, refaults, swap, compaction, kills.",
    files=("/proc/vmstat",),
    record=Vmstat,
    read=read,
)
