"""Software RAID stops using one of its disks."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="md-disk-failure",
    title="md: disk failure in {level}",
    class_="storage",
    severity="error",
    subsystem="md",
    patterns=(
        Pattern(
            literal="Disk failure on ",
            regex=(
                r"md/(?P<level>raid\d*):(?P<array>[^\s:]+): Disk failure on (?P<device>[^\s,]+), "
                r"disabling device\.?"
            ),
            printed=("md/raid1:%s: Disk failure on %pg, disabling device.",),
        ),
        Pattern(
            literal="detected, failing array.",
            regex=(
                r"md/(?P<level>raid0|linear):?(?P<array>[^\s:]+): Disk failure on (?P<device>[^\s,]+) "
                "detected, failing array"
            ),
            since="6.1",
            printed=("md/raid0%s: Disk failure on %pg detected, failing array.",),
        ),
    ),
    fields=(
        Field("level", "str", "raid1, raid10, raid (4, 5 and 6) or raid0"),
        Field("array", "str", "array (md0)"),
        Field("device", "str", "member (sdb1)"),
        Field("remaining", "int", "members that the array goes on with"),
    ),
    key=("level",),
    continues=(r"md/raid\d*:[^\s:]+: Operation continuing on (?P<remaining>\d+) devices",),
    reach=3,
    printed_by=(
        "drivers/md/raid1.c:raid1_error",
        "drivers/md/raid5.c:raid5_error",
        "drivers/md/raid10.c:raid10_error",
        "drivers/md/raid0.c:raid0_error",
    ),
    meaning=(
        "A write to the member failed, or too many reads did, and the array dropped it. With "
        "redundancy left the array goes on, slower and without protection; the next failure may "
        "cost the data. Without redundancy (raid0, or too few members) the array fails as a "
        "whole. The reason is the disk's error just before."
    ),
    next_steps=(
        "cat /proc/mdstat and mdadm --detail /dev/mdX: what is left",
        "The block layer's and driver's errors just before; smartctl -x of the member",
        "mdadm /dev/mdX --remove and --add a new disk; do not re-add the old one without a test",
        ("Several members at once: controller, cable, power; stop the array before anything is rebuilt"),
    ),
    confused_with=(
        "md-unrecoverable-read: data is lost already",
        "md-not-enough-devices: the array cannot start",
    ),
    example=(
        "[ 7201.300110] md/raid1:md0: Disk failure on sdb1, disabling device.\n"
        "               md/raid1:md0: Operation continuing on 1 devices."
    ),
    near_miss="[    5.300110] md/raid1:md0: active with 1 out of 2 mirrors",
)
