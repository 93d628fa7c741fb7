"""Btrfs made a file system read-only after an error."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="btrfs-read-only",
    title="BTRFS: forced readonly",
    class_="storage",
    severity="error",
    subsystem="btrfs",
    patterns=(
        Pattern(
            literal="): forced readonly",
            regex=r"BTRFS info \(device (?P<device>[^\s):]+)(?::? state \w+)?\): forced readonly",
            printed=("forced readonly",),
        ),
    ),
    fields=(Field("device", "str", "file system, by the device it was mounted from"),),
    printed_by=(
        "fs/btrfs/messages.c:__btrfs_handle_fs_error",
        "fs/btrfs/super.c:__btrfs_handle_fs_error",
    ),
    meaning=(
        "After an error in a transaction Btrfs stops writing: every write fails with EROFS, "
        "although the mount table may still show rw. The machine keeps running and looks healthy "
        "to a ping. The reason is in the error line right before. The state ends with an unmount "
        "and a new mount, which may fail if the metadata is damaged."
    ),
    next_steps=(
        "Read the 'BTRFS: error … errno=' line right before",
        "Move the workload off; unwritten data is in memory only",
        ("For No space left: mount again and balance (btrfs balance start -dusage=10), then free space"),
        "For corruption: btrfs check --readonly, never --repair first",
    ),
    confused_with=(
        "btrfs-error: the cause with function and errno",
        "ext4-remount-read-only: the same for ext4",
    ),
    example="[ 7300.114014] BTRFS info (device dm-1: state EA): forced readonly",
    near_miss="[    3.114014] BTRFS info (device dm-1): disk space caching is enabled",
)
