"""The kernel panicked because of an RCU stall and panic_on_rcu_stall is set."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-rcu-stall",
    title="kernel panic: RCU Stall",
    class_="crash",
    severity="fatal",
    subsystem=None,
    patterns=(
        Pattern(
            literal="RCU Stall",
            regex=r"Kernel panic - not syncing: RCU Stall",
        ),
    ),
    extent=Extent.REPORT,
    printed_by=("kernel/rcu/tree_stall.h:panic_on_rcu_stall",),
    meaning=(
        "kernel.panic_on_rcu_stall turns an RCU stall report into a panic. The report just "
        "before says which CPU or task did not let a grace period end."
    ),
    next_steps=("Work on the rcu-stall report that precedes.",),
    confused_with=("rcu-stall: the report itself.",),
    example=(
        "[  323.930017] Kernel panic - not syncing: RCU Stall\n"
        "[  323.930020] CPU: 0 PID: 12 Comm: rcu_preempt Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss="[    0.100000] rcu: RCU Stall warnings enabled",
)
