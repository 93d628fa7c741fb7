"""The kernel panicked because a CPU stopped taking interrupts."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-hard-lockup",
    title="kernel panic: Hard LOCKUP",
    class_="crash",
    severity="fatal",
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
        "[ 4763.484950] Kernel panic - not syncing: Hard LOCKUP\n"
        "[ 4763.484966] CPU: 3 PID: 0 Comm: swapper/3 Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 4763.484985] Call Trace:\n"
        "[ 4763.485000]  <TASK>\n"
        "[ 4763.485011]  dump_stack_lvl+0x81/0xa0\n"
        "[ 4763.485020]  panic+0x439/0x780\n"
        "[ 4763.485034]  nmi_panic+0xa79/0xc50\n"
        "[ 4763.485046]  watchdog_overflow_callback.cold+0x483/0x880\n"
        "[ 4763.485054]  __perf_event_overflow+0x54c/0xb10\n"
        "[ 4763.485071]  intel_pmu_handle_irq+0x5e0/0x920\n"
        "[ 4763.485162]  </TASK>\n"
        "[ 4763.485188] ---[ end Kernel panic - not syncing: Hard LOCKUP ]---"
    ),
    near_miss="[    0.400012] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
)
