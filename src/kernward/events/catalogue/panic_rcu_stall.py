"""The kernel panicked because of an RCU stall and panic_on_rcu_stall is set."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-rcu-stall",
    title="kernel panic: RCU Stall",
    class_="crash",
    severity="fatal",
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
        "[ 2455.012958] Kernel panic - not syncing: RCU Stall\n"
        "[ 2455.012977] CPU: 0 PID: 5549 Comm: rcu_preempt Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 2455.013012] Call Trace:\n"
        "[ 2455.013026]  <TASK>\n"
        "[ 2455.013037]  dump_stack_lvl+0x596/0x930\n"
        "[ 2455.013056]  panic+0x6d/0x120\n"
        "[ 2455.013071]  panic_on_rcu_stall+0x11a/0x720\n"
        "[ 2455.013082]  rcu_sched_clock_irq+0x1f2/0xab0\n"
        "[ 2455.013086]  update_process_times+0x2ac/0x780\n"
        "[ 2455.013093]  do_syscall_64+0x194/0x210\n"
        "[ 2455.013139]  </TASK>\n"
        "[ 2455.013151] ---[ end Kernel panic - not syncing: RCU Stall ]---"
    ),
    near_miss="[    0.100000] rcu: RCU Stall warnings enabled",
)
