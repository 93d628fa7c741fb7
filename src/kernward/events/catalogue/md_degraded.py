"""A software RAID starts with fewer members than it should have."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="md-degraded",
    title="md: {level} started degraded",
    class_="storage",
    severity="warning",
    subsystem="md",
    patterns=(
        Pattern(
            literal="active with ",
            regex=(
                r"md/(?P<level>raid\d*):(?P<array>[^\s:]+): (?:raid level \d+ )?active with (?!(\d+) out "
                r"of \3 )(?P<active>\d+) out of (?P<members>\d+) (?:mirrors|devices)"
            ),
            printed=(
                "md/raid1:%s: active with %d out of %d mirrors",
                "md/raid:%s: raid level %d active with %d out of %d devices, algorithm %d",
            ),
        ),
    ),
    fields=(
        Field("level", "str", "raid1, raid10 or raid (4, 5 and 6)"),
        Field("array", "str", "array (md0)"),
        Field("active", "int", "members in use"),
        Field("members", "int", "members it should have"),
    ),
    key=("level",),
    printed_by=(
        "drivers/md/raid1.c:raid1_run",
        "drivers/md/raid5.c:raid5_run",
        "drivers/md/raid10.c:raid10_run",
    ),
    meaning=(
        "The array was assembled although members are missing, so it runs without redundancy or "
        "with less of it; the next failure may cost the data. A disk failed in an earlier boot, "
        "was not found in time, or was rejected as out of date. It is printed once at assembly, "
        "and nothing reminds of it later."
    ),
    next_steps=(
        "mdadm --detail /dev/mdX: which member is missing or removed",
        "lsblk and the controller's messages: is the disk there",
        "mdadm /dev/mdX --add DEVICE after its test, then watch /proc/mdstat",
        "Does mdadm --monitor mail somebody",
    ),
    confused_with=(
        "md-disk-failure: the moment when a member fails",
        "md-not-enough-devices: too few to start at all",
    ),
    example="[    4.330010] md/raid1:md0: active with 1 out of 2 mirrors",
    near_miss="[    4.330010] md/raid1:md0: active with 2 out of 2 mirrors",
)
