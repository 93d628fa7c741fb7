"""A rate-limited message was repeated more often than it was printed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="callbacks-suppressed",
    title="messages suppressed by a rate limit",
    class_="state",
    severity="info",
    subsystem="printk",
    patterns=(
        Pattern(
            literal=" callbacks suppressed",
            regex=r"(?P<function>[\w.:]{1,100}): (?P<suppressed>\d+) callbacks suppressed",
            printed=("%s: %d callbacks suppressed",),
        ),
    ),
    fields=(
        Field("function", "str", "function whose messages were suppressed"),
        Field("suppressed", "int", "messages that were not printed"),
    ),
    key=("function",),
    printed_by=("lib/ratelimit.c:___ratelimit",),
    meaning=(
        "A message that is printed through a rate limit came more often than the limit allows, by default "
        "ten in five seconds. The number says how many copies were left out since the last time. Counts "
        "taken from the log are therefore too low for this message, and the rate is its true size."
    ),
    next_steps=(
        "Find the message: the next line of the same caller is one that this function prints.",
        "For printk_ratelimit() users (a segfault, audit) the limit is `sysctl kernel.printk_ratelimit`.",
    ),
    confused_with=("messages-dropped: lines lost for lack of room, whatever they said",),
    example="[ 3320.190207] __ratelimit_probe: 214 callbacks suppressed",
    near_miss="[ 3320.190207] mydrv: suppressed 214 callbacks",
)
