"""Somebody made the kernel crash on purpose, by SysRq."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="sysrq-crash",
    title="kernel panic: sysrq triggered crash",
    class_="crash",
    severity="fatal",
    subsystem=None,
    patterns=(
        Pattern(
            literal="sysrq triggered crash",
            regex=r"Kernel panic - not syncing: sysrq triggered crash",
        ),
    ),
    extent=Extent.REPORT,
    printed_by=("drivers/tty/sysrq.c:sysrq_handle_crash",),
    meaning=(
        "`echo c > /proc/sysrq-trigger`, the SysRq key or a break on the serial console "
        "asked for a crash, normally to take a dump of a machine that hangs or to test "
        "kdump. It is not a kernel bug; why somebody wanted it is the question."
    ),
    next_steps=(
        "The Comm and PID in the report say who asked.",
        "Look for hangs or lockups earlier in the boot: the reason for asking.",
        "A watchdog daemon or cluster fencing agent may do this: check its log.",
    ),
    confused_with=("kernel-panic: not asked for.",),
    example=(
        "[  377.180011] sysrq: Trigger a crash\n"
        "[  377.180520] Kernel panic - not syncing: sysrq triggered crash\n"
        "[  377.181011] CPU: 1 PID: 611 Comm: bash Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss="[  377.180011] sysrq: Emergency Sync",
)
