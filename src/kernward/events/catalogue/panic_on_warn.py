"""The kernel panicked because panic_on_warn turns every warning into a panic."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-on-warn",
    title="kernel panic: panic_on_warn set",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="panic_on_warn set",
            regex=(
                r"Kernel panic - not syncing: (?:kernel: |KASAN: |KFENCE: |KCSAN: |KMSAN: |UBSAN:"
                r" |[\w-]{1,20}: )?panic_on_warn set ?\.{0,3}"
            ),
        ),
    ),
    extent=Extent.REPORT,
    printed_by=("kernel/panic.c:check_panic_on_warn",),
    meaning=(
        "kernel.panic_on_warn is 1, so the warning or sanitizer report just before this line "
        "stopped the machine. That report is the bug; without the setting the machine would "
        "have gone on."
    ),
    next_steps=(
        "Work on the report that precedes.",
        ("`sysctl kernel.panic_on_warn`: set on purpose? Test fleets want it, production seldom."),
    ),
    confused_with=("kernel-panic: not caused by a setting.",),
    example=(
        "[ 2830.748836] Kernel panic - not syncing: kernel: panic_on_warn set ...\n"
        "[ 2830.748839] CPU: 2 PID: 26543 Comm: tc Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 2830.748869] Call Trace:\n"
        "[ 2830.748888]  <TASK>\n"
        "[ 2830.748900]  dump_stack_lvl+0x239/0x3f0\n"
        "[ 2830.748910]  panic+0x25/0xb0\n"
        "[ 2830.748915]  check_panic_on_warn+0x254/0x4a0\n"
        "[ 2830.748926]  __warn+0x2c/0xd0\n"
        "[ 2830.748932]  report_bug+0x60c/0x7a0\n"
        "[ 2830.748952]  handle_bug+0x15e/0x1d0\n"
        "[ 2830.749044]  </TASK>\n"
        "[ 2830.749069] ---[ end Kernel panic - not syncing: kernel: panic_on_warn set ... ]---"
    ),
    near_miss="[    0.000000] Kernel command line: quiet panic_on_warn=1",
)
