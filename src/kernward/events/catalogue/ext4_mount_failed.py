"""An ext4 file system cannot be mounted because its metadata is damaged or unreadable."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ext4-mount-failed",
    title="EXT4-fs: mount failed: {reason}",
    class_="storage",
    severity="error",
    subsystem="ext4",
    patterns=(
        Pattern(
            literal="): group descriptors corrupted!",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): (?P<reason>group descriptors corrupted)!",
            printed=("group descriptors corrupted!",),
        ),
        Pattern(
            literal="): error loading journal",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): (?P<reason>error loading journal)",
            printed=("error loading journal",),
        ),
        Pattern(
            literal="): unable to read superblock",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): (?P<reason>unable to read superblock)",
            printed=("unable to read superblock",),
        ),
        Pattern(
            literal="invalid superblock checksum",
            regex=(
                r"EXT4-fs \((?P<device>[^\s)]+)\): VFS: Found ext4 filesystem with (?P<reason>invalid "
                "superblock checksum)"
            ),
            printed=("invalid superblock checksum.  Run e2fsck?",),
        ),
        Pattern(
            literal="): bad geometry: ",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): (?P<reason>bad geometry): (?P<detail>.*)",
            printed=("bad geometry: block count %llu exceeds size of device (%llu blocks)",),
        ),
        Pattern(
            literal="): corrupt root inode, run e2fsck",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): (?P<reason>corrupt root inode)",
            printed=("corrupt root inode, run e2fsck",),
        ),
        Pattern(
            literal="): get root inode failed",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): (?P<reason>get root inode failed)",
            printed=("get root inode failed",),
        ),
        Pattern(
            literal="): ext4_check_descriptors: ",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): (?P<reason>ext4_check_descriptors): (?P<detail>.*)",
            printed=("ext4_check_descriptors: Block bitmap for group %u overlaps superblock",),
        ),
        Pattern(
            literal="): no journal found",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): (?P<reason>no journal found)",
            printed=("no journal found",),
        ),
        Pattern(
            literal="): required journal recovery suppressed",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): (?P<reason>required journal recovery suppressed)",
            printed=("required journal recovery suppressed and not mounted read-only",),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field("reason", "str", "what stopped the mount"),
        Field("detail", "str", "the rest of the message"),
    ),
    key=("reason",),
    continues=(
        (
            r"EXT4-fs \([^\s)]+\): (?:group descriptors corrupted|error loading journal|mount "
            "failed|ext4_check_descriptors: |get root inode failed)"
        ),
    ),
    reach=4,
    absorbs=("ext4-mount-failed",),
    printed_by=(
        "fs/ext4/super.c:__ext4_fill_super",
        "fs/ext4/super.c:ext4_check_descriptors",
        "fs/ext4/super.c:ext4_check_geometry",
        "fs/ext4/super.c:ext4_load_journal",
    ),
    meaning=(
        "While mounting, ext4 found that the superblock, the group descriptors, the root inode or "
        "the journal is damaged, missing or does not fit the device, and refused. For the root "
        "file system this ends in a panic or an emergency shell; for others the service that "
        "needs it does not start. Typical causes are a device smaller than the file system on it "
        "(a failed resize, a wrong partition table), a disk that cannot be read, a restored image "
        "that was cut short, and overwritten beginnings of the device."
    ),
    next_steps=(
        (
            "Look for block errors of the same device before this line: an unreadable superblock is "
            "not a damaged one"
        ),
        (
            "blockdev --getsize64 /dev/DEVICE against the block count in dumpe2fs -h /dev/DEVICE for "
            "'bad geometry'"
        ),
        ("e2fsck -fn -b 32768 /dev/DEVICE reads a backup superblock (mke2fs -n prints where they are)"),
        "Image the device before the first repair that writes",
    ),
    confused_with=(
        "ext4-error: damage found while the file system is mounted",
        "jbd2-journal-corrupt: says why the journal could not be loaded",
    ),
    example=(
        "[    4.120031] EXT4-fs (vdb): bad geometry: block count 26214400 exceeds size of device "
        "(13107200 blocks)"
    ),
    near_miss="[    2.120031] EXT4-fs (vdb): VFS: Can't find ext4 filesystem",
)
