"""kmemleak counted suspected leaks without printing them."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="kmemleak-summary",
    title="kmemleak: new suspected memory leaks",
    class_="resource",
    severity="warning",
    patterns=(
        Pattern(
            literal="new suspected memory leaks",
            regex=r"kmemleak: (?P<leaks>\d+) new suspected memory leaks",
            unprinted="CONFIG_DEBUG_KMEMLEAK is off in Debian's kernels",
        ),
    ),
    fields=(Field("leaks", "int", "objects found by this scan"),),
    printed_by=("mm/kmemleak.c:kmemleak_scan",),
    meaning=(
        "The periodic scan of kmemleak found objects to which no pointer leads. Where they "
        "were allocated is only in the debugfs file, not in this log. Numbers that grow with "
        "every scan are a real leak."
    ),
    next_steps=(
        "`cat /sys/kernel/debug/kmemleak` on that host, before it reboots.",
        "`echo scan > /sys/kernel/debug/kmemleak`, wait, and read again: false alarms vanish.",
    ),
    confused_with=("kmemleak: the report of one object.",),
    example="[  812.440120] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    near_miss="[    1.200345] kmemleak: Automatic memory scanning thread started",
)
