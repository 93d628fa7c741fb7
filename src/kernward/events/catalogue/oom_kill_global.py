"""The machine ran out of memory and the kernel killed a process. A whole report is recognised by its first
line, in oom-invoked; this module's own patterns are the line of a report whose head is lost."""

from kernward.events.kind import Kind, Pattern
from kernward.events.oom_report import FIELDS, TAIL, TAIL_REACH, read

KIND = Kind(
    id="oom-kill-global",
    title="Out of memory: process killed",
    class_="resource",
    severity="error",
    subsystem="mm",
    patterns=(
        # The report may be cut short, or be switched down to this line (vm.oom_dump_tasks, console level).
        Pattern(
            literal="Out of memory: Killed process ",
            regex=r"Out of memory: Killed process \d+",
            printed=("Out of memory", "%s: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB"),
        ),
        Pattern(
            literal="Out of memory (oom_kill_allocating_task): Killed process ",
            regex=r"Out of memory \(oom_kill_allocating_task\): Killed process \d+",
            printed=("Out of memory (oom_kill_allocating_task)",),
        ),
        # Until 5.0 the choice and the kill were two lines.
        Pattern(
            literal="Out of memory: Kill process ",
            regex=r"Out of memory: Kill process \d+ \(.{0,64}\) score \d+ or sacrifice child",
            until="5.0",
        ),
    ),
    fields=FIELDS,
    continues=TAIL,
    reach=TAIL_REACH,
    absorbs=("oom-reaped",),
    read=read,
    printed_by=(
        "mm/oom_kill.c:dump_header",
        "mm/oom_kill.c:__oom_kill_process",
    ),
    meaning=(
        "An allocation could not be met on the whole machine, after reclaim and compaction had given up, so "
        "the kernel killed the process whose death frees most memory, weighted by oom_score_adj. The "
        "invoker only happened to ask last; the victim is merely the largest. The cause is in the table and "
        "in Mem-Info: sum what the tasks hold, and compare with RAM. If the tasks do not explain it, the "
        "memory is in shmem, in slab, in page tables, in hugetlb or in a driver. Free memory with a high "
        "order points at fragmentation, a full zone at the gfp mask."
    ),
    next_steps=(
        "Add up `tasks`: sort by rss_pages, and look for one that grew or for a thousand small ones.",
        (
            "In mem_info compare slab_unreclaimable_pages, shmem_pages, pagetables_pages and the anon lists "
            "with total_ram_pages."
        ),
        (
            "Without swap (`swap_total_kb` 0) every anonymous page is pinned; with swap full, look for a "
            "leak that is hours old."
        ),
        (
            "Watch what led to it: `/proc/pressure/memory`, `/proc/vmstat` (allocstall, pgscan), slab "
            "growth in `slabtop -o`."
        ),
        (
            "Protect what must not die by `OOMScoreAdjust=`, and cap the rest with a cgroup's memory.max, "
            "so that it dies alone."
        ),
    ),
    confused_with=(
        "oom-kill-cgroup: a cgroup reached its limit while the machine had memory",
        "oom-kill-nodes: the allocation was confined to some NUMA nodes",
        "page-allocation-failure: an allocation that may fail did; nothing was killed",
    ),
    example="""\
[ 7331.204415] java invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0
[ 7331.204431] CPU: 2 PID: 4121 Comm: java Not tainted 6.1.0-13-amd64 #1  Debian 6.1.55-1
[ 7331.204436] Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
[ 7331.204438] Call Trace:
[ 7331.204442]  <TASK>
[ 7331.204447]  dump_stack_lvl+0x44/0x5c
[ 7331.204460]  dump_header+0x4a/0x211
[ 7331.204467]  oom_kill_process.cold+0xb/0x10
[ 7331.204472]  out_of_memory+0x1fd/0x4c0
[ 7331.204481]  __alloc_pages_slowpath.constprop.0+0xc73/0xe20
[ 7331.204493]  __alloc_pages+0x305/0x330
[ 7331.204500]  folio_alloc+0x17/0x50
[ 7331.204512]  __filemap_get_folio+0x155/0x340
[ 7331.204519]  filemap_fault+0x139/0x910
[ 7331.204525]  __do_fault+0x31/0x80
[ 7331.204531]  do_fault+0x1b9/0x410
[ 7331.204536]  __handle_mm_fault+0x660/0xfa0
[ 7331.204541]  handle_mm_fault+0xdb/0x2d0
[ 7331.204545]  do_user_addr_fault+0x19c/0x560
[ 7331.204551]  exc_page_fault+0x70/0x170
[ 7331.204559]  asm_exc_page_fault+0x22/0x30
[ 7331.204566] RIP: 0033:0x7f0e9b5f3a10
[ 7331.204572] Code: Unable to access opcode bytes at 0x7f0e9b5f39e6.
[ 7331.204574] RSP: 002b:00007f0e84ffd9b8 EFLAGS: 00010246
[ 7331.204577] RAX: 0000000000000000 RBX: 00007f0e94018c70 RCX: 00007f0e9b67e1b4
[ 7331.204586]  </TASK>
[ 7331.204588] Mem-Info:
[ 7331.204592] active_anon:312 inactive_anon:478211 isolated_anon:0
 active_file:18 inactive_file:41 isolated_file:0
 unevictable:0 dirty:0 writeback:0
 slab_reclaimable:3811 slab_unreclaimable:6920
 mapped:29 shmem:402 pagetables:1421
 sec_pagetables:0 bounce:0
 kernel_misc_reclaimable:0
 free:13126 free_pcp:97 free_cma:0
[ 7331.204605] Node 0 active_anon:1248kB inactive_anon:1912844kB active_file:72kB inactive_file:164kB unevictable:0kB isolated(anon):0kB isolated(file):0kB mapped:116kB dirty:0kB writeback:0kB shmem:1608kB writeback_tmp:0kB kernel_stack:2512kB pagetables:5684kB sec_pagetables:0kB all_unreclaimable? yes
[ 7331.204618] Node 0 DMA free:8180kB boost:0kB min:352kB low:440kB high:528kB reserved_highatomic:0KB active_anon:0kB inactive_anon:7136kB active_file:0kB inactive_file:0kB unevictable:0kB writepending:0kB present:15992kB managed:15360kB mlocked:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB
[ 7331.204631] lowmem_reserve[]: 0 1938 1938 1938 1938
[ 7331.204640] Node 0 DMA: 1*4kB (U) 0*8kB 1*16kB (U) 1*32kB (U) 1*64kB (U) 1*128kB (U) 1*256kB (U) 1*512kB (M) 1*1024kB (M) 1*2048kB (M) 1*4096kB (M) = 8180kB
[ 7331.204702] Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB
[ 7331.204704] 471 total pagecache pages
[ 7331.204705] 0 pages in swap cache
[ 7331.204707] Free swap  = 0kB
[ 7331.204708] Total swap = 0kB
[ 7331.204709] 524158 pages RAM
[ 7331.204711] 0 pages HighMem/MovableOnly
[ 7331.204712] 15230 pages reserved
[ 7331.204713] 0 pages hwpoisoned
[ 7331.204714] Tasks state (memory values in pages):
[ 7331.204716] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[ 7331.204722] [    312]     0   312     8243      301    90112        0          -250 systemd-journal
[ 7331.204729] [    498]   101   498     5011      160    77824        0             0 (sd-pam)
[ 7331.204735] [   4100]  1000  4100  1203344   470011  3944448        0             0 java
[ 7331.204741] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/search.service,task=java,pid=4100,uid=1000
[ 7331.204812] Out of memory: Killed process 4100 (java) total-vm:4813376kB, anon-rss:1880044kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:3852kB oom_score_adj:0""",
    near_miss="[ 7331.204812] oom_reaper: unable to reap pid:4100 (java)",
)
