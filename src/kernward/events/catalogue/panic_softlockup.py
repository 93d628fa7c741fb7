"""The kernel panicked because a CPU did not schedule and softlockup_panic is set."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-softlockup",
    title="kernel panic: softlockup: hung tasks",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="softlockup: hung tasks",
            regex=r"Kernel panic - not syncing: softlockup: hung tasks",
        ),
    ),
    extent=Extent.REPORT,
    printed_by=("kernel/watchdog.c:watchdog_timer_fn",),
    meaning=(
        "kernel.softlockup_panic turns a soft lockup report into a panic. The report just "
        "before names the CPU and the task that held it."
    ),
    next_steps=(
        "Work on the soft-lockup report that precedes.",
        ("On virtual machines raise kernel.watchdog_thresh or look at steal time before blaming the kernel."),
    ),
    confused_with=("soft-lockup: the report itself.",),
    example=(
        "[ 7121.598983] Kernel panic - not syncing: softlockup: hung tasks\n"
        "[ 7121.598993] CPU: 5 PID: 26719 Comm: python3 Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 7121.599023] Call Trace:\n"
        "[ 7121.599039]  <TASK>\n"
        "[ 7121.599056]  dump_stack_lvl+0x258/0x370\n"
        "[ 7121.599067]  panic+0x56d/0x640\n"
        "[ 7121.599074]  watchdog_timer_fn.cold+0x261/0x730\n"
        "[ 7121.599077]  __hrtimer_run_queues+0xbbf/0xcc0\n"
        "[ 7121.599094]  hrtimer_interrupt+0x81a/0x930\n"
        "[ 7121.599113]  __sysvec_apic_timer_interrupt+0x71/0xa0\n"
        "[ 7121.599183]  </TASK>\n"
        "[ 7121.599204] ---[ end Kernel panic - not syncing: softlockup: hung tasks ]---"
    ),
    near_miss="[    0.400012] softlockup: detector enabled",
)
