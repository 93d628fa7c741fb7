"""A program wrote to the kernel's log faster than it may."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="devkmsg-suppressed",
    title="kmsg output suppressed",
    class_="state",
    severity="info",
    subsystem="printk",
    patterns=(
        Pattern(
            literal=" output lines suppressed due to ratelimiting",
            regex=(
                r"printk: (?P<comm>.{0,64}): (?P<suppressed>\d+) output lines suppressed due to ratelimiting"
            ),
            printed=("printk: %s: %d output lines suppressed due to ratelimiting",),
        ),
    ),
    fields=(
        Field("comm", "str", "the program"),
        Field("suppressed", "int", "lines that were thrown away"),
    ),
    printed_by=("include/linux/ratelimit.h:ratelimit_state_exit",),
    meaning=(
        "User space writes to /dev/kmsg are limited (printk.devkmsg=ratelimit), and this program's surplus "
        "was dropped. At boot systemd does that when `systemd.log_level=debug` is given. Kernel messages "
        "are not affected."
    ),
    next_steps=("`printk.devkmsg=on` on the command line lifts the limit, for an investigation.",),
    confused_with=(
        "messages-dropped: kernel messages were lost",
        "callbacks-suppressed: the kernel's own repetitions",
    ),
    example="[    8.210001] printk: systemd: 34 output lines suppressed due to ratelimiting",
    near_miss="[    8.210001] systemd[1]: Queued start job for default target graphical.target.",
)
