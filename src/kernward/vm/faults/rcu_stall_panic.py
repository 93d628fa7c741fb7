"""kernel.panic_on_rcu_stall=1, then a driver stays in an RCU read-side section."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="rcu-stall-panic",
    title="an RCU stall that is made a panic",
    doc="As rcu-stall, on a machine that is to restart rather than wait: kernel.panic_on_rcu_stall=1.",
    group="hang",
    parameters=(Parameter("stall_s", 3, "s", "rcupdate.rcu_cpu_stall_timeout", least=3, most=300),),
    needs=Needs(lab=True, smp=2),
    inject="""
        echo $stall_s >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
        echo 60 >/proc/sys/kernel/watchdog_thresh
        echo 1 >/proc/sys/kernel/panic_on_rcu_stall
        echo "rcu-stall seconds=$((stall_s * 2 + 10)) cpu=1" >/proc/kernward_faults
    """,
    symptom=Symptom(
        doc="The report of RCU, and a panic behind it.",
        console=r"Kernel panic - not syncing: RCU Stall",
        within_s=25,
        plus=("stall_s", "stall_s"),
    ),
    truth=Truth(
        kinds=("rcu-stall", "panic-rcu-stall"),
        mechanism=(
            "panic_on_rcu_stall() in kernel/rcu/tree_stall.h; the reader is kf_walk_table() of the module "
            "kernward_faults."
        ),
    ),
    ends=True,
)
