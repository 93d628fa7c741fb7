"""The kernel panicked because a CPU did not schedule and softlockup_panic is set."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-softlockup",
    title="kernel panic: softlockup: hung tasks",
    class_="crash",
    severity="fatal",
    subsystem=None,
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
        "[  282.000407] Kernel panic - not syncing: softlockup: hung tasks\n"
        "[  282.001100] CPU: 1 PID: 4588 Comm: python3 Tainted: G             L     "
        "6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss="[    0.400012] softlockup: detector enabled",
)
