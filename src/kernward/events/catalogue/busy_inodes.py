"""A file system was unmounted although inodes of it are still in use."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="busy-inodes",
    title="VFS: Busy inodes after unmount (use-after-free)",
    class_="crash",
    severity="error",
    subsystem="vfs",
    patterns=(
        Pattern(
            literal="VFS: Busy inodes after unmount",
            regex=r"VFS: Busy inodes after unmount of (?P<device>\S+)(?: \((?P<fstype>[\w.-]+)\))?",
        ),
        Pattern(
            literal="VFS: Busy inodes after unmount",
            regex=r"VFS: Busy inodes after unmount",
        ),
    ),
    fields=(
        Field("device", "str", "the superblock's id"),
        Field("fstype", "str", "the file system type, where printed"),
    ),
    key=("fstype",),
    # Kernels that stop at data corruption follow it with a BUG(), others with a WARNING.
    extent=Extent.REPORT,
    absorbs=("kernel-bug", "warning", "invalid-opcode", "oops"),
    printed_by=("fs/super.c:generic_shutdown_super",),
    meaning=(
        "Somebody still holds references to inodes of a file system whose superblock is "
        "being freed: a reference was taken and not dropped. Every later use of such an "
        "inode is a use-after-free, so a crash may follow minutes later."
    ),
    next_steps=(
        (
            "Which file system and which users (overlayfs, nfsd, fsnotify, io_uring, loop "
            "devices) were involved in this unmount?"
        ),
        "Reproduce with KASAN and look at the next report on this inode.",
        "`git log --grep 'Busy inodes'` for your file system upstream.",
    ),
    confused_with=("dentry-in-use: the same for directory entries.",),
    example="[  700.110021] VFS: Busy inodes after unmount of sdb1 (ext4)",
    near_miss="[  700.110021] umount: /mnt: VFS: Busy inodes after unmount of sdb1",
)
