"""OpenZFS suspended a pool because its devices do not work."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="zfs-pool-suspended",
    title="ZFS: pool suspended",
    class_="storage",
    severity="fatal",
    subsystem="zfs",
    patterns=(
        Pattern(
            literal="has encountered an uncorrectable I/O failure and has been suspended",
            regex=(
                "WARNING: Pool '(?P<pool>[^']+)' has encountered an uncorrectable I/O failure and has "
                "been suspended"
            ),
            unprinted="OpenZFS is a module outside the kernel tree",
        ),
    ),
    fields=(Field("pool", "str", "name of the pool"),),
    printed_by=("openzfs/module/zfs/zio.c:zio_suspend",),
    meaning=(
        "Too many devices of the pool failed for its redundancy, and with failmode=wait, the "
        "default, all writes to the pool wait until an administrator clears the errors. "
        "Everything that touches it hangs, hung-task reports follow, and a shutdown may not "
        "finish. Nothing committed is lost if the devices come back."
    ),
    next_steps=(
        "zpool status -v POOL",
        "Bring the devices back (cable, controller, multipath, iSCSI), then zpool clear POOL",
        "dmesg for the errors of the devices before it",
        "If they do not come back: reboot, zpool import -F",
    ),
    confused_with=(
        "btrfs-read-only: Btrfs stops writing instead of waiting",
        "xfs-shutdown: XFS fails requests instead of waiting",
    ),
    example=(
        "[81022.100110] WARNING: Pool 'tank' has encountered an uncorrectable I/O failure and "
        "has been suspended."
    ),
    near_miss="[   22.100110] ZFS: Loaded module v2.1.11-1, ZFS pool version 5000, ZFS filesystem version 5",
)
