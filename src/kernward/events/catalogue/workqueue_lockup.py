"""A worker pool has made no progress for 30 seconds although work waits."""

from kernward.events import parties
from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="workqueue-lockup",
    title="BUG: workqueue lockup",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: workqueue lockup - pool",
            regex=(
                r"BUG: workqueue lockup - pool(?: cpus=(?P<cpus>[\d,-]+))?(?: node=(?P<node>\d+))?(?:"
                r" flags=0x(?P<flags>[0-9a-f]+))? nice=(?P<nice>-?\d+) stuck for (?P<stuck_s>\d+)s!"
            ),
            unprinted="CONFIG_WQ_WATCHDOG is off in Debian's kernels",
        ),
        Pattern(
            literal="BUG: workqueue lockup",
            regex=r"BUG: workqueue lockup",
            unprinted="CONFIG_WQ_WATCHDOG is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("cpus", "str", "the CPUs of the pool, absent for unbound pools"),
        Field("node", "int", "its NUMA node"),
        Field("flags", "hex", "its flags"),
        Field("nice", "int", "its priority"),
        Field("stuck_s", "int", "for how long"),
        Field("victim", "str", "who is kept waiting: a task, a CPU, or what waits"),
        Field("culprit", "str", "who keeps it waiting, where the report tells"),
    ),
    extent=Extent.REPORT,
    read=parties.workqueue_lockup,
    printed_by=("kernel/workqueue.c:wq_watchdog_timer_fn",),
    meaning=(
        "Work items of a worker pool wait and none has been started or finished for longer "
        "than workqueue.watchdog_thresh. One item hogs the CPU without sleeping, the CPU is "
        "held by something else (interrupts, a real-time task, the hypervisor), or all "
        "workers are blocked and no memory can be had for new ones. Everything that relies "
        "on this pool stands still."
    ),
    next_steps=(
        (
            "`Showing busy workqueues and worker pools` lists what is in flight on the pool: the "
            "item in flight is the suspect."
        ),
        "Look for soft lockup or RCU stall reports of the same CPU.",
        "`echo t > /proc/sysrq-trigger` shows the workers' stacks.",
    ),
    confused_with=(
        "workqueue-hog: an item that was slow but ended.",
        "soft-lockup: the same CPU seen by the watchdog.",
    ),
    example=(
        "[ 5580.448067] BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 32s!\n"
        "[ 5580.448081] Showing busy workqueues and worker pools:\n"
        "[ 5580.448090] workqueue events: flags=0x0\n"
        "[ 5580.448099]   pwq 0: cpus=0 node=0 flags=0x0 nice=0 active=3 refcnt=4\n"
        "[ 5580.448109]     in-flight: 812:acme_reset_work\n"
        "[ 5580.448115]     pending: vmstat_shepherd, psi_avgs_work\n"
        "[ 5580.448120] pool 0: cpus=0 node=0 flags=0x0 nice=0 hung=32s workers=3 idle: 17 9"
    ),
    near_miss="[   72.159680] workqueue: round-robin CPU selection forced, expect performance impact",
)
