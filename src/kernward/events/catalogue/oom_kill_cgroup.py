"""A cgroup reached its memory limit and the kernel killed a process in it. A whole report is recognised by
its first line, in oom-invoked; this module's own patterns are the line of a report whose head is lost."""

from kernward.events.kind import Kind, Pattern
from kernward.events.oom_report import FIELDS, TAIL, TAIL_REACH, read

KIND = Kind(
    id="oom-kill-cgroup",
    title="Memory cgroup out of memory: process killed",
    class_="resource",
    severity="error",
    subsystem="mm",
    patterns=(
        Pattern(
            literal="Memory cgroup out of memory: Killed process ",
            regex=r"Memory cgroup out of memory: Killed process \d+",
            printed=(
                "Memory cgroup out of memory",
                "%s: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB",
            ),
        ),
        # Until 5.0 the choice and the kill were two lines.
        Pattern(
            literal="Memory cgroup out of memory: Kill process ",
            regex=r"Memory cgroup out of memory: Kill process \d+ \(.{0,64}\) score \d+ or sacrifice child",
            until="5.0",
        ),
        Pattern(
            literal="Memory cgroup out of memory: OOM victim ",
            regex=r"Memory cgroup out of memory: OOM victim \d+",
            printed=("%s: OOM victim %d (%s) is already exiting. Skip killing the task",),
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
        "mm/memcontrol.c:mem_cgroup_print_oom_meminfo",
    ),
    meaning=(
        "What a cgroup may charge (memory.max) was used up, reclaim inside it could free nothing, and the "
        "kernel killed the largest process in it. The machine may have had plenty of memory; no other "
        "cgroup was touched. For a container this is the ordinary way to learn that its limit is too low or "
        "its program leaks. The limit that was hit (`oom_memcg`) may be that of a parent: then the "
        "neighbour under the same parent may be the one that grew. Page cache, tmpfs and kernel memory "
        "count as well."
    ),
    next_steps=(
        (
            "Compare `oom_memcg` with `task_memcg`: if they differ, the limit of a parent was hit, and the "
            "sum of its children matters."
        ),
        (
            "In memcg_stats tell anon (heap) from file, shmem (tmpfs, /dev/shm), slab and sock: only the "
            "first is the program's heap."
        ),
        (
            "Look at the history: memory.peak, memory.events (`oom_kill`, `max`), memory.pressure of the "
            "cgroup; `kubectl describe pod`."
        ),
        (
            "A high `memory_failcnt` with few kills means the cgroup lives at its limit, in constant "
            "reclaim: raise memory.max or set memory.high."
        ),
    ),
    confused_with=(
        "oom-kill-global: the machine itself had no memory left",
        "page-allocation-failure: an allocation that may fail did; nothing was killed",
    ),
    example="""\
[ 2741.118420] Memory cgroup out of memory: Killed process 23817 (worker) total-vm:1204412kB, anon-rss:521880kB, file-rss:3816kB, shmem-rss:0kB, UID:65534 pgtables:1264kB oom_score_adj:937""",
    near_miss="[ 2741.118420] Memory cgroup stats for /system.slice: anon 0",
)
