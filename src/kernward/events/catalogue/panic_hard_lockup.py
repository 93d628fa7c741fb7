"""The kernel panicked because a CPU stopped taking interrupts."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-hard-lockup",
    title="kernel panic: Hard LOCKUP",
    class_="crash",
    severity="fatal",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Hard LOCKUP",
            regex=r"Kernel panic - not syncing: Hard LOCKUP",
        ),
    ),
    extent=Extent.REPORT,
    printed_by=(
        "kernel/watchdog.c:watchdog_hardlockup_check",
        "kernel/watchdog_hld.c:watchdog_overflow_callback",
    ),
    meaning=(
        "kernel.hardlockup_panic (nmi_watchdog=panic) turns a hard lockup report into a "
        "panic: a CPU ran for ten seconds or more with interrupts off. The report before "
        "names the CPU and where it was."
    ),
    next_steps=(
        "Work on the hard-lockup report that precedes.",
        "Look for SMIs and firmware: `perf stat -e msr/smi/`, BMC log.",
    ),
    confused_with=("hard-lockup: the report itself.",),
    example=(
        "[  318.700551] Kernel panic - not syncing: Hard LOCKUP\n"
        "[  318.700560] CPU: 3 PID: 0 Comm: swapper/3 Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss="[    0.400012] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
)
