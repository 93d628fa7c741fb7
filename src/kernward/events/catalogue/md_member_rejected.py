"""A software RAID leaves out a member whose data is older than that of the others."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="md-member-rejected",
    title="md: member is not fresh",
    class_="storage",
    severity="warning",
    subsystem="md",
    patterns=(
        Pattern(
            literal="md: kicking non-fresh ",
            regex=r"md: kicking non-fresh (?P<device>\S+) from array!",
            printed=("md: kicking non-fresh %pg from array!",),
        ),
    ),
    fields=(Field("device", "str", "member that was left out"),),
    printed_by=("drivers/md/md.c:md_run",),
    meaning=(
        "Each member counts the updates of the array; this one missed some, because it failed, "
        "was pulled, or was not there in an earlier boot. Its data is out of date and it is not "
        "used; the array starts degraded. It has to be added again and rebuilt."
    ),
    next_steps=(
        "mdadm --examine on all members: event counts and times",
        "Why was it away: its errors in earlier boots, cabling, slow start",
        "mdadm /dev/mdX --re-add (with a write-intent bitmap) or --add after its test",
    ),
    confused_with=(
        "md-degraded: the array's state that follows",
        "md-disk-failure: a member fails while running",
    ),
    example="[    4.230010] md: kicking non-fresh sdb1 from array!",
    near_miss="[    4.230010] md: md0 stopped.",
)
