"""Real-time tasks used up their share of CPU time and were stopped for the rest of the period."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="rt-throttling",
    title="sched: RT throttling activated",
    class_="resource",
    severity="warning",
    subsystem="sched",
    patterns=(
        Pattern(
            literal="sched: RT throttling activated",
            # 6.12 throttles real-time tasks only where CONFIG_RT_GROUP_SCHED is on.
            unprinted="CONFIG_RT_GROUP_SCHED is off in Debian's 6.12 kernels",
            regex=r"sched: RT throttling activated(?: for rt_rq [0-9a-fx(]\S* \(cpu (?P<cpu>\d+)\))?",
        ),
    ),
    fields=(Field("cpu", "int", "the CPU, where printed"),),
    printed_by=("kernel/sched/rt.c:sched_rt_runtime_exceeded",),
    meaning=(
        "Real-time tasks ran for 0.95 s of a second without pause, and the scheduler held "
        "them back so that other work gets the rest. A real-time task loops, or has too much "
        "to do. It is printed once a boot, so silence afterwards says nothing. Without "
        "throttling the machine would hang."
    ),
    next_steps=(
        "Find the task: `ps -eLo rtprio,psr,pcpu,comm --sort=-pcpu | awk '$1 != \"-\"'`.",
        "`sysctl kernel.sched_rt_runtime_us`.",
        "`perf sched` or `trace-cmd record -e sched_switch` for who runs.",
    ),
    confused_with=("rcu-kthread-starved: what a real-time hog does to RCU.",),
    example="[  901.220011] sched: RT throttling activated",
    near_miss="[  901.220011] rtkit-daemon[811]: RT throttling activated for clients",
)
