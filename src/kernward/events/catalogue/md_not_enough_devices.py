"""A software RAID cannot run: too few members are there."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="md-not-enough-devices",
    title="md: not enough operational devices in {level}",
    class_="storage",
    severity="error",
    subsystem="md",
    patterns=(
        Pattern(
            literal="not enough operational devices (",
            regex=(
                r"md/(?P<level>raid):(?P<array>[^\s:]+): not enough operational devices "
                r"\((?P<failed>\d+)/(?P<members>\d+) failed\)"
            ),
            printed=("not enough operational devices (%d/%d failed)",),
        ),
        Pattern(
            literal="not enough operational mirrors",
            regex=r"md/(?P<level>raid10):(?P<array>[^\s:]+): not enough operational mirrors",
            printed=("md/raid10:%s: not enough operational mirrors.",),
        ),
        Pattern(
            literal="Cannot continue operation (",
            regex=(
                r"md/(?P<level>raid):(?P<array>[^\s:]+): Cannot continue operation "
                r"\((?P<failed>\d+)/(?P<members>\d+) failed\)"
            ),
            printed=("Cannot continue operation (%d/%d failed).",),
        ),
    ),
    fields=(
        Field("level", "str", "raid10 or raid (4, 5 and 6)"),
        Field("array", "str", "array (md0)"),
        Field("failed", "int", "members missing or failed"),
        Field("members", "int", "members it should have"),
    ),
    key=("level",),
    printed_by=(
        "drivers/md/raid5.c:raid5_run",
        "drivers/md/raid5.c:raid5_error",
        "drivers/md/raid10.c:raid10_run",
    ),
    meaning=(
        "More members are missing than the level can do without, so the array does not start, or "
        "stops working while running. That is rarely so many dead disks. Usually a controller, a "
        "cable or power took several at once, or they have different event counts after an "
        "unclean stop."
    ),
    next_steps=(
        "mdadm --examine on every member: event counts and update times",
        "Are the missing disks visible (lsblk, dmesg of the controller)",
        ("mdadm --assemble --force with members whose event counts are close; never --create over them"),
        "Image the members first if the data matters",
    ),
    confused_with=("md-disk-failure: one member; the array goes on",),
    example="[    6.300110] md/raid:md5: not enough operational devices (2/4 failed)",
    near_miss="[    6.300110] md/raid:md5: raid level 5 active with 3 out of 4 devices, algorithm 2",
)
