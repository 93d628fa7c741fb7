"""A device-mapper table was refused."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="dm-table-failed",
    title="device-mapper: {target}: {problem}",
    class_="storage",
    severity="warning",
    subsystem="dm",
    patterns=(
        Pattern(
            literal="device-mapper: table: ",
            regex=(
                r"device-mapper: table: (?:(?P<device>\d+:\d+): )?(?P<target>[\w-]+): "
                r"(?P<problem>[^(]{1,120}?)(?: \((?P<errno>-?\w+)\))?$"
            ),
            since="6.1",
            printed=("table: %s: %s: %s (%pe)",),
        ),
    ),
    fields=(
        Field("device", "str", "major:minor of the device-mapper device"),
        Field("target", "str", "type of target: linear, crypt, multipath, thin-pool, …"),
        Field("problem", "str", "why it was refused"),
        Field("errno", "str", "errno, by name or number"),
    ),
    key=(
        "target",
        "problem",
    ),
    printed_by=("drivers/md/dm-table.c:dm_table_add_target",),
    meaning=(
        "A volume (LVM, dm-crypt, multipath, a snapshot) could not be set up because a device "
        "below it is missing, in use or too small, or the table's arguments are wrong. The volume "
        "does not appear or keeps its old table. 'Device lookup failed' is a missing or busy "
        "device; for multipath it is often a local disk that multipathd tries to take and that is "
        "mounted."
    ),
    next_steps=(
        "lsblk: is the device there, and what uses it",
        "For multipath: blacklist local disks, or find_multipaths in multipath.conf",
        "dmsetup table and the tool's own log (lvm, cryptsetup)",
    ),
    confused_with=("dm-path-failed: a path of a working map",),
    example="[   21.330010] device-mapper: table: 253:4: multipath: error getting device (-EBUSY)",
    near_miss=(
        "[   21.330010] device-mapper: ioctl: 4.47.0-ioctl (2022-07-28) initialised: dm-devel@redhat.com"
    ),
)
