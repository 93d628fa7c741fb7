"""The kernel panicked because of an oops that it could not contain."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-fatal-exception",
    title="kernel panic: Fatal exception",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="Fatal exception",
            regex=(
                r"Kernel panic - not syncing: (?P<reason>(?:[^:\n]{1,60}: )?Fatal exception(?: in"
                r" interrupt)?)"
            ),
        ),
    ),
    fields=(Field("reason", "str", "with or without interrupt"),),
    extent=Extent.REPORT,
    printed_by=("arch/x86/kernel/dumpstack.c:oops_end",),
    meaning=(
        "An oops happened in interrupt context, in the idle task or with panic_on_oops set, "
        "so the kernel could not just kill a task. The oops report before this line is the "
        "bug; the panic is its consequence."
    ),
    next_steps=(
        "Work on the oops that precedes.",
        "If it is not in this log, look at the console, pstore or kdump.",
        (
            "Make the next one leave more: kdump (`kdump-config show`), pstore (`ls "
            "/sys/fs/pstore`), or a serial or net console."
        ),
    ),
    confused_with=("kernel-panic: the panic has a reason of its own.",),
    example=(
        "[ 4426.043561] Kernel panic - not syncing: Fatal exception in interrupt\n"
        "[ 4426.043586] ---[ end Kernel panic - not syncing: Fatal exception in interrupt ]---"
    ),
    near_miss="[   52.331940] java: Fatal exception in interrupt handler thread",
)
