"""The NUMA nodes that an allocation is confined to, by a cpuset or a memory policy, ran out of memory."""

from kernward.events.kind import Kind, Pattern
from kernward.events.oom_report import FIELDS, SUMMARY_TAIL, TAIL_REACH, read

KIND = Kind(
    id="oom-kill-nodes",
    title="Out of memory on the allowed nodes: process killed",
    class_="resource",
    severity="error",
    subsystem="mm",
    patterns=(
        # The summary line of a report whose head is lost; with another constraint the event is of another
        # kind.
        Pattern(
            literal="oom-kill:constraint=CONSTRAINT_",
            regex=r"oom-kill:constraint=CONSTRAINT_(?:NONE|MEMCG|CPUSET|MEMORY_POLICY),",
            since="5.0",
            printed=("oom-kill:constraint=%s,nodemask=%*pbl", "CONSTRAINT_CPUSET"),
        ),
    ),
    fields=FIELDS,
    continues=SUMMARY_TAIL,
    reach=TAIL_REACH,
    absorbs=(
        "oom-kill-global",
        "oom-kill-cgroup",
        "oom-reaped",
    ),
    read=read,
    printed_by=("mm/oom_kill.c:dump_oom_summary",),
    meaning=(
        "An allocation may only use certain NUMA nodes, and those are full while others may be nearly "
        "empty. The kernel killed a process that uses memory of these nodes. It happens to programs bound "
        "with numactl or a cpuset, on machines whose nodes are filled unevenly, and after memory hotplug or "
        "a BIOS setting changed the nodes."
    ),
    next_steps=(
        (
            "Read `nodemask` and `mems_allowed`, then each of these nodes: `numastat -m`, "
            "/sys/devices/system/node/node*/meminfo."
        ),
        "Find what binds the task: `numactl --show`, /proc/PID/numa_maps, the cpuset's cpuset.mems.",
        "Consider a preferred policy (MPOL_PREFERRED_MANY) instead of a strict binding.",
    ),
    confused_with=(
        "oom-kill-global: all nodes were exhausted",
        "oom-kill-cgroup: a limit on the amount, not on the place",
    ),
    example="""\
[  612.500101] oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=1,cpuset=/,mems_allowed=0-1,global_oom,task_memcg=/user.slice/user-1000.slice/session-3.scope,task=hpcapp,pid=3301,uid=1000
[  612.500190] Out of memory: Killed process 3301 (hpcapp) total-vm:33554432kB, anon-rss:33011200kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:64600kB oom_score_adj:0""",
    near_miss="""\
[  612.500101] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/init.scope,task=x,pid=1,uid=0""",
)
