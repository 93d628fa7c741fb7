"""A Btrfs file system could not be mounted."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="btrfs-mount-failed",
    title="BTRFS: open_ctree failed",
    class_="storage",
    severity="error",
    subsystem="btrfs",
    patterns=(
        Pattern(
            literal="): open_ctree failed",
            regex=(
                r"BTRFS error \(device (?P<device>[^\s):]+)(?::? state \w+)?\): open_ctree failed(?:: "
                r"(?P<errno>-?\d+))?"
            ),
            printed=("open_ctree failed",),
        ),
    ),
    fields=(
        Field("device", "str", "device it was to be mounted from"),
        Field("errno", "int", "errno, negative, where printed"),
    ),
    key=("errno",),
    printed_by=("fs/btrfs/super.c:btrfs_fill_super",),
    meaning=(
        "Reading the superblock, the chunk tree or one of the roots failed, so there is no file "
        "system to mount. The reason is in the lines before: a missing device (-2), metadata that "
        "cannot be read (-5) or is damaged (-117), a feature this kernel does not know (-22). A "
        "missing member is the most common and the most harmless: with a redundant profile -o "
        "degraded mounts it."
    ),
    next_steps=(
        "Read the lines before: missing device, checksum, transid, unsupported feature",
        "btrfs filesystem show and btrfs device scan: are all members there",
        "Mount read-only with -o degraded or -o rescue=all to copy data off",
        "btrfs check --readonly before any repair",
    ),
    confused_with=(
        "btrfs-error: an error while mounted",
        "ext4-mount-failed: the same for ext4",
    ),
    example="[    4.781400] BTRFS error (device sdb1): open_ctree failed: -5",
    near_miss=(
        "[    4.781400] BTRFS info (device sdb1): first mount of filesystem "
        "1f2d0d5e-93ab-4a4c-8f2b-0e8a8a0f3b6d"
    ),
)
