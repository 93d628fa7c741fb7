"""A driver stays in an RCU read-side section."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, too_short

FAULT = Fault(
    name="rcu-stall",
    title="an RCU grace period that does not end",
    doc=(
        "A kernel thread of a driver enters an RCU read-side section and stays there: it walks a table without "
        "end, or falls asleep in it. No grace period can end meanwhile, so nothing that waits for one (freeing "
        "memory, closing sockets, unmounting) is done, and memory piles up."
    ),
    group="hang",
    parameters=(
        Parameter("seconds", 9, "s", "how long it stays there", least=4, most=3600),
        Parameter("stall_s", 3, "s", "rcupdate.rcu_cpu_stall_timeout", least=3, most=300),
        Parameter("how", "spin", "", "walking, or asleep", choices=("spin", "sleep")),
        Parameter("cpu", 1, "", "which CPU", least=0, most=1),
    ),
    refuse=lambda values: too_short(values["seconds"], float(values["stall_s"]) + 1),
    needs=Needs(lab=True, smp=2),
    inject="""
        echo $stall_s >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
        # The soft lockup watchdog would be first.
        echo 60 >/proc/sys/kernel/watchdog_thresh
        echo "rcu-stall seconds=$seconds cpu=$cpu how=$how" >/proc/kernward_faults
    """,
    undo="""
        echo 21 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
        echo 10 >/proc/sys/kernel/watchdog_thresh
    """,
    symptom=Symptom(
        doc="RCU names the CPU or the task that it waits for.",
        console=r"rcu: INFO: rcu_\w+ (self-)?detected stalls? on CPU",
        within_s=25,
        plus=("seconds",),
    ),
    truth=Truth(
        kinds=("rcu-stall",),
        mechanism=(
            "check_cpu_stall() in kernel/rcu/tree_stall.h, from the tick; the reader is kf_walk_table() or "
            "kf_walk_table_asleep() of the module kernward_faults."
        ),
    ),
)
