"""ext4 could not write its superblock."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ext4-superblock-io-error",
    title="EXT4-fs: superblock could not be written",
    class_="storage",
    severity="error",
    subsystem="ext4",
    patterns=(
        Pattern(
            literal="): I/O error while writing superblock",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): I/O error while writing superblock",
            printed=("I/O error while writing superblock",),
        ),
        Pattern(
            literal="previous I/O error to superblock detected",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): previous I/O error to superblock detected",
            printed=("previous I/O error to superblock detected",),
        ),
    ),
    fields=(Field("device", "str", "block device as the file system names it"),),
    printed_by=("fs/ext4/super.c:ext4_commit_super",),
    meaning=(
        "The superblock holds the state, the error record and the mount count; ext4 writes it "
        "when it finds an error, at unmount and at freeze. The device refused that write. Nothing "
        "about the error is recorded on disk then, so after the next boot tune2fs shows a clean "
        "file system. In most cases the whole device is gone or read-only, not just that block."
    ),
    next_steps=(
        "The block layer's error just before: which class, is the device still there",
        "findmnt SOURCE, lsblk: has it become read-only, has it vanished",
        "Run e2fsck -f before the next mount, whatever the superblock says",
    ),
    confused_with=(
        "ext4-error: the finding that was to be recorded",
        "jbd2-io-error: the journal's superblock",
    ),
    example="[ 8412.031455] EXT4-fs (sdb1): I/O error while writing superblock",
    near_miss="[ 8412.031455] EXT4-fs (sdb1): unable to read superblock",
)
