"""The page allocator could not give contiguous pages, and said so with a stack and the state of memory."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.oom_report import mem_info
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The state of memory, and the allocation's own machinery to be passed over on the stack."""
    reading.fields.update(mem_info([text.lstrip() for text in reading.texts]))
    flags = (reading.fields.get("gfp_flags") or "").split("|")
    if flags != [""]:
        reading.fields["atomic"] = "GFP_ATOMIC" in flags or "GFP_NOWAIT" in flags
    reading.machinery.append((r"warn_alloc\w*|\w*alloc\w*|k[mvz]*alloc\w*|new_slab\w*", "allocates"))


KIND = Kind(
    id="page-allocation-failure",
    title="page allocation failure in {function}",
    title_without_function="page allocation failure",
    alt_titles=("page allocation failure: order:{order}",),
    class_="resource",
    severity="warning",
    subsystem="mm/page_alloc",
    patterns=(
        Pattern(
            literal="page allocation failure: order:",
            regex=(
                r"(?P<comm>.{0,64}): page allocation failure: order:(?P<order>\d+), mode:"
                r"(?P<gfp_mask>0x[0-9a-f]+)(?:\((?P<gfp_flags>[^)]{0,300})\))?(?:, ?nodemask="
                r"(?P<nodemask>[^,]{1,200}))?(?:,cpuset=(?P<cpuset>.{0,300}?),mems_allowed="
                r"(?P<mems_allowed>[\d,-]*))?"
            ),
        ),
    ),
    fields=(
        Field("comm", "str", "process that was running; in an interrupt it has nothing to do with it"),
        Field("order", "int", "two to this power contiguous pages were asked for"),
        Field("gfp_mask", "hex", "allocation flags as a number"),
        Field("gfp_flags", "str", "allocation flags by name"),
        Field("nodemask", "str", "NUMA nodes the allocation was confined to"),
        Field("cpuset", "str", "cpuset of the process"),
        Field("mems_allowed", "str", "NUMA nodes of that cpuset"),
        Field("atomic", "bool", "the caller could not wait for memory to be reclaimed"),
        Field("mem_info", "map", "the machine's page counters (`active_anon_pages`, `free_pages`, …)"),
        Field("total_ram_pages", "int", "pages of RAM"),
        Field("reserved_pages", "int", "pages the kernel keeps from its allocator"),
        Field("hwpoisoned_pages", "int", "pages taken out of use after memory errors"),
        Field("cma_reserved_pages", "int", "pages of the contiguous memory areas"),
        Field("highmem_pages", "int", "pages of highmem or movable-only zones"),
        Field("swap_cache_pages", "int", "pages in the swap cache"),
        Field("pagecache_pages", "int", "pages of the page cache"),
        Field("swap_free_kb", "int", "free swap"),
        Field("swap_total_kb", "int", "all swap; 0: none configured"),
    ),
    key=("order",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("mm/page_alloc.c:warn_alloc",),
    meaning=(
        "Somebody asked for 2^order contiguous pages and could not be served. Order 0 with GFP_ATOMIC: the "
        "reserves were empty for a moment, as in a burst of network traffic; a packet is dropped. A high "
        "order with free memory: memory is fragmented; the caller should fall back to smaller pieces or to "
        "vmalloc, and the failure is harmless if it does. Order 0 of a caller that may wait is close to an "
        "OOM."
    ),
    next_steps=(
        (
            "Read order and flags first; then in the Mem-Info block the free lists (`*4kB … = …kB`) and "
            "free against min of the zone."
        ),
        "Find the caller in the stack: a driver that fails an operation, or one that falls back?",
        (
            "Fragmentation: /proc/buddyinfo, /proc/pagetypeinfo; `vm.compaction_proactiveness`, "
            "`vm.watermark_boost_factor`."
        ),
        "Bursts: raise vm.min_free_kbytes; count in /proc/vmstat: allocstall, compact_fail.",
    ),
    confused_with=(
        "oom-kill-global: there a process was killed for it",
        "slub-allocation-failure: the slab allocator's report, often of the same moment",
        "vmalloc-failure: memory that need not be contiguous",
    ),
    example="""\
[10223.551001] ksoftirqd/3: page allocation failure: order:4, mode:0x40a20(GFP_ATOMIC|__GFP_COMP), nodemask=(null),cpuset=/,mems_allowed=0
[10223.551012] CPU: 3 PID: 30 Comm: ksoftirqd/3 Not tainted 6.1.0-13-amd64 #1  Debian 6.1.55-1
[10223.551016] Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
[10223.551019] Call Trace:
[10223.551022]  <TASK>
[10223.551025]  dump_stack_lvl+0x44/0x5c
[10223.551032]  warn_alloc+0x138/0x160
[10223.551039]  __alloc_pages_slowpath.constprop.0+0xd0c/0xe20
[10223.551046]  __alloc_pages+0x305/0x330
[10223.551050]  kmalloc_large_node+0x6f/0xf0
[10223.551056]  __kmalloc_node_track_caller+0xc5/0x160
[10223.551061]  __alloc_skb+0x8a/0x1f0
[10223.551067]  napi_get_frags_check+0x31/0x50
[10223.551072]  virtnet_poll+0x2c1/0x540 [virtio_net]
[10223.551080]  __napi_poll+0x2b/0x1b0
[10223.551085]  net_rx_action+0x28e/0x300
[10223.551089]  __do_softirq+0xf0/0x2ff
[10223.551094]  run_ksoftirqd+0x24/0x40
[10223.551099]  </TASK>
[10223.551102] Mem-Info:
[10223.551105] active_anon:1201 inactive_anon:377010 isolated_anon:0
 active_file:20810 inactive_file:60113 isolated_file:0
 free:20881 free_pcp:310 free_cma:0
[10223.551120] Node 0 DMA32 free:61004kB boost:0kB min:5660kB low:7596kB high:9532kB present:2080624kB managed:2015088kB
[10223.551125] lowmem_reserve[]: 0 0 0 0
[10223.551128] Node 0 DMA32: 4404*4kB (UME) 3310*8kB (UME) 1054*16kB (UME) 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 60960kB
[10223.551135] 81200 total pagecache pages
[10223.551136] 0 pages in swap cache
[10223.551137] Free swap  = 0kB
[10223.551138] Total swap = 0kB
[10223.551139] 524158 pages RAM
[10223.551140] 15230 pages reserved""",
    near_miss="[    0.551001] mm: page allocation failures will be reported",
)
