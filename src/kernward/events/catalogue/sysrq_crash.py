"""Somebody made the kernel crash on purpose, by SysRq."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="sysrq-crash",
    title="kernel panic: sysrq triggered crash",
    class_="crash",
    severity="fatal",
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
        "[ 8094.876942] Kernel panic - not syncing: sysrq triggered crash\n"
        "[ 8094.876955] CPU: 7 PID: 29391 Comm: bash Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 8094.876970] Call Trace:\n"
        "[ 8094.876988]  <TASK>\n"
        "[ 8094.876996]  dump_stack_lvl+0x2a4/0x740\n"
        "[ 8094.877005]  panic+0x394/0xc50\n"
        "[ 8094.877016]  sysrq_handle_crash+0x1ef/0xa20\n"
        "[ 8094.877025]  __handle_sysrq.cold+0x7c2/0xc40\n"
        "[ 8094.877041]  write_sysrq_trigger+0x1ed/0x290\n"
        "[ 8094.877059]  proc_reg_write+0x53b/0x880\n"
        "[ 8094.877138]  </TASK>\n"
        "[ 8094.877171] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"
    ),
    near_miss="[  377.180011] sysrq: Emergency Sync",
)
