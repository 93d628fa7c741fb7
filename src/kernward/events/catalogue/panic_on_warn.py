"""The kernel panicked because panic_on_warn turns every warning into a panic."""

from kernward.events.kind import Extent, Kind, Pattern

KIND = Kind(
    id="panic-on-warn",
    title="kernel panic: panic_on_warn set",
    class_="crash",
    severity="fatal",
    subsystem=None,
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
        "[  211.004901] Kernel panic - not syncing: kernel: panic_on_warn set ...\n"
        "[  211.004905] CPU: 3 PID: 1733 Comm: ip Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss="[    0.000000] Kernel command line: quiet panic_on_warn=1",
)
