"""The kernel's log buffer overflowed before this reader got the lines: evidence is missing."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="messages-dropped",
    title="printk messages dropped",
    class_="state",
    severity="warning",
    subsystem="printk",
    patterns=(
        Pattern(
            literal=" printk messages dropped ",
            regex=r"\*\* (?P<dropped>\d+) printk messages dropped \*\*",
            printed=("** %lu printk messages dropped **",),
        ),
        # The wording of a kmsg reader that caught up, before consoles marked it with asterisks.
        Pattern(
            literal=" messages dropped",
            regex=r"printk: (?P<dropped>\d+) messages dropped",
            unprinted="not the wording of these releases",
        ),
        # Early boot, when the larger buffer was set up after the first had overflowed.
        Pattern(
            literal="printk: dropped ",
            regex=r"printk: dropped (?P<dropped>\d+) messages",
            printed=("dropped %llu messages",),
        ),
    ),
    fields=(Field("dropped", "int", "messages that are gone, as the kernel counts them"),),
    printed_by=(
        "kernel/printk/printk.c:console_prepend_dropped",
        "kernel/printk/printk.c:call_console_driver",
    ),
    meaning=(
        "Messages were written to the ring buffer faster than this console (or reader) could take them, and "
        "the oldest unread ones were overwritten. What is missing lies just before this line. A slow serial "
        "console during a flood of messages is the usual cause. Whatever is concluded from this log must "
        "allow for what was in the gap, the first report of a crash above all."
    ),
    next_steps=(
        (
            "Get the same stretch from another sink: the journal, netconsole, pstore or a crash dump have "
            "gaps of their own, elsewhere."
        ),
        "Enlarge the buffer: `log_buf_len=16M`; see who floods it in the lines after the gap.",
        "Lower the console's share: `dmesg -n 4`, or a faster console.",
    ),
    confused_with=(
        "callbacks-suppressed: there the kernel chose not to print repetitions; here printed lines were lost",
        "journal-suppressed: the journal's own rate limit, after the kernel",
    ),
    example="[ 6011.552310] ** 1377 printk messages dropped **",
    near_miss="[ 6011.552310] eth0: 1377 rx messages dropped by filter",
)
