"""Software RAID could not read a block from any member: its data is lost."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="md-unrecoverable-read",
    title="md: unrecoverable read error in {level}",
    class_="storage",
    severity="error",
    subsystem="md",
    patterns=(
        Pattern(
            literal="unrecoverable I/O read error for block",
            regex=(
                r"md/(?P<level>raid\d*):(?P<array>[^\s:]+): (?P<device>[^\s:]+): unrecoverable I/O read "
                r"error for block (?P<block>\d+)"
            ),
            printed=("unrecoverable I/O read error for block %llu",),
        ),
        Pattern(
            literal="read error not correctable (sector ",
            regex=(
                r"md/(?P<level>raid):(?P<array>[^\s:]+): read error not correctable \(sector "
                r"(?P<block>\d+) on (?P<device>[^\s)]+)\)"
            ),
            printed=("md/raid:%s: read error not correctable (sector %llu on %pg).",),
        ),
    ),
    fields=(
        Field("level", "str", "raid1, raid10 or raid (4, 5 and 6)"),
        Field("array", "str", "array (md0)"),
        Field("device", "str", "member that was read last, or the array"),
        Field("block", "int", "sector of 512 bytes"),
    ),
    key=("level",),
    printed_by=(
        "drivers/md/raid1.c:raid1_read_request",
        "drivers/md/raid10.c:handle_read_error",
        "drivers/md/raid5.c:raid5_end_read_request",
    ),
    meaning=(
        "A block was bad on one member, and there was no other good copy or parity: the array is "
        "degraded, or a second disk has a bad sector at the same place. The read fails upward, a "
        "rebuild that meets it stops or records a bad block. This is the classic loss during a "
        "rebuild with large disks that were never scrubbed."
    ),
    next_steps=(
        "mdadm --detail: degraded? rebuilding?",
        "Which file: the sector in the array, then debugfs icheck or xfs_db",
        "ddrescue the failing member onto a new disk before more is read from it",
        "Regular checks from now on: echo check > /sys/block/mdX/md/sync_action",
    ),
    confused_with=(
        "md-disk-failure: a member was dropped; the data is still there",
        "md-read-error-corrected: there was another copy",
    ),
    example="[ 7401.300110] md/raid1:md0: sda1: unrecoverable I/O read error for block 1953488",
    near_miss="[ 7401.300110] md/raid1:md0: read error corrected (8 sectors at 1953488 on sda1)",
)
