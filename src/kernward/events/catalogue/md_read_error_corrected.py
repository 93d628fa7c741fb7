"""Software RAID read a bad block from another member and rewrote it."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="md-read-error-corrected",
    title="md: read error corrected in {level}",
    class_="storage",
    severity="warning",
    subsystem="md",
    patterns=(
        Pattern(
            literal="read error corrected (",
            regex=(
                r"md/(?P<level>raid\d*):(?P<array>[^\s:]+): read error corrected \((?P<sectors>\d+) "
                r"sectors at (?P<sector>\d+) on (?P<device>[^\s)]+)\)"
            ),
            printed=("read error corrected (%d sectors at %llu on %pg)",),
        ),
    ),
    fields=(
        Field("level", "str", "raid1, raid10 or raid (4, 5 and 6)"),
        Field("array", "str", "array (md0)"),
        Field("device", "str", "member with the bad block"),
        Field("sectors", "int", "length, in sectors of 512 bytes"),
        Field("sector", "int", "first sector on the member"),
    ),
    key=("level",),
    printed_by=(
        "drivers/md/raid1.c:fix_read_error",
        "drivers/md/raid5.c:raid5_end_read_request",
        "drivers/md/raid10.c:fix_read_error",
    ),
    meaning=(
        "A member could not read a block; the array took it from the others and wrote it back, "
        "which makes the disk remap the sector. Nothing is lost. One such event is what "
        "redundancy is for; several on one disk in a short time announce its failure, and the "
        "array drops it when they are too many (max_read_errors)."
    ),
    next_steps=(
        "Count per disk: smartctl -x: reallocated and pending sectors",
        "cat /sys/block/mdX/md/dev-*/errors counts corrected reads for each member",
        "Replace the disk before it is dropped: mdadm --replace keeps redundancy while copying",
    ),
    confused_with=(
        "md-unrecoverable-read: there was no other copy",
        "md-disk-failure: the member is dropped",
    ),
    example="[ 7401.300110] md/raid1:md0: read error corrected (8 sectors at 1953488 on sda1)",
    near_miss="[ 7401.300110] md/raid1:md0: redirecting sector 1953488 to other mirror: sdb1",
)
