"""RCU's own kernel thread got no CPU time."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="rcu-kthread-starved",
    title="rcu: {flavour} kthread starved",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="kthread starved for",
            regex=(
                r"(?:rcu: )?\s*(?P<flavour>rcu_\w+) kthread starved for (?P<starved_jiffies>\d+)"
                r" jiffies!"
            ),
        ),
        Pattern(
            literal="kthread timer wakeup didn't happen for",
            regex=(
                r"(?:rcu: )?\s*(?P<flavour>rcu_\w+) kthread timer wakeup didn't happen for "
                r"(?P<starved_jiffies>\d+) jiffies!"
            ),
        ),
    ),
    fields=(
        Field("flavour", "str", "which RCU"),
        Field("starved_jiffies", "int", "for how long, in jiffies"),
    ),
    key=("flavour",),
    extent=Extent.REPORT,
    printed_by=("kernel/rcu/tree_stall.h:rcu_check_gp_kthread_starvation",),
    meaning=(
        "The thread that drives RCU grace periods was ready but did not run. A real-time "
        "task or an interrupt storm keeps its CPU, timers do not fire there, or (in a "
        "virtual machine) the vCPU does not run. Grace periods stop, memory that waits for "
        "them piles up, and an out-of-memory is the expected end."
    ),
    next_steps=(
        "The line `->cpu=N` names the CPU on which it should run: what runs there?",
        "Real-time tasks: `ps -eLo rtprio,psr,comm | sort -n`.",
        "`rcutree.kthread_prio` raises its priority.",
    ),
    confused_with=("rcu-stall: a CPU or task holds up the grace period.",),
    example=(
        "[  970.963579] rcu: rcu_preempt kthread starved for 5250 jiffies! g9561 f0x0 "
        "RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=1"
    ),
    near_miss="[    0.100000] rcu: 	Offload RCU callbacks from CPUs: (none).",
)
