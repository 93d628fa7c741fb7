"""ext4 gave up writing: after an error the file system became read-only."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ext4-remount-read-only",
    title="EXT4-fs: remounted read-only after an error",
    class_="storage",
    severity="error",
    subsystem="ext4",
    patterns=(
        Pattern(
            literal=": Remounting filesystem read-only",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): Remounting filesystem read-only",
            printed=(
                "EXT4-fs (%s): %pV",
                "Remounting filesystem read-only",
            ),
        ),
    ),
    fields=(Field("device", "str", "block device as the file system names it"),),
    printed_by=("fs/ext4/super.c:ext4_handle_error",),
    meaning=(
        "An ext4 error happened on a file system mounted with errors=remount-ro (or its journal "
        "was aborted), and from now on every write fails with EROFS. The machine keeps running, "
        "so monitoring that only pings it sees nothing, while databases, logs and package "
        "managers fail. What happened is in the ext4 error or the aborted journal right before. "
        "The state ends only with an unmount (or reboot), e2fsck and a new mount."
    ),
    next_steps=(
        "Read the ext4, jbd2 and block errors before this line: the first of them is the cause",
        "findmnt -o TARGET,SOURCE,OPTIONS | grep -w ro lists what is read-only now",
        "Move the workload off the machine before anything else; unwritten data is in memory only",
        "Unmount, run e2fsck -f on the device, and check the disk (smartctl -x, nvme smart-log)",
    ),
    confused_with=(
        "ext4-error: the finding that led to it; this is the consequence",
        ("jbd2-abort: the journal stopped; ext4 may print that without this line under errors=continue"),
        "ext4-mount-failed: the file system never got mounted",
    ),
    example="[ 8412.021455] EXT4-fs (sdb1): Remounting filesystem read-only",
    near_miss=(
        "[ 8500.000213] EXT4-fs (sdb1): re-mounted 1f2d0d5e-93ab-4a4c-8f2b-0e8a8a0f3b6d ro. Quota mode: none."
    ),
)
