"""A file system was unmounted although directory entries of it are still in use."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="dentry-in-use",
    title="BUG: Dentry still in use in {in_function}",
    alt_titles=("BUG: Dentry still in use [unmount of {fstype} {device}]",),
    class_="crash",
    severity="error",
    subsystem="vfs",
    patterns=(
        Pattern(
            literal=" still in use (",
            regex=(
                r"BUG: Dentry (?:\S+?)?\{i=(?P<inode>[0-9a-f]+),n=(?P<name>[^\n}]{0,255})\} +still in"
                r" use \((?P<count>-?\d+)\) \[(?P<in_function>unmount) of (?P<fstype>\S+) "
                r"(?P<device>[^\]\s]+)\]"
            ),
            printed=(" still in use (%d) [unmount of %s %s]",),
        ),
    ),
    fields=(
        Field("inode", "hex", "inode number, 0 for none"),
        Field("name", "str", "name of the entry"),
        Field("count", "int", "references left"),
        Field("in_function", "str", "what was being done"),
        Field("fstype", "str", "file system type"),
        Field("device", "str", "the superblock's id"),
    ),
    key=("fstype",),
    extent=Extent.REPORT,
    absorbs=("warning",),
    printed_by=("fs/dcache.c:umount_check",),
    meaning=(
        "While freeing a file system's tree of names, one entry still had users. A reference "
        "was leaked in the file system or in a layer above it (overlayfs, nfsd, autofs). The "
        "entry's inode is busy too; later use is a use-after-free."
    ),
    next_steps=(
        (
            "The name and inode printed tell which file; who keeps it: overlayfs (`.index`), an "
            "exporter, a pinned BPF object?"
        ),
        "Busy inodes reports that follow are the same bug.",
    ),
    confused_with=("busy-inodes: the count of inodes, seen a moment later.",),
    example=(
        "[  538.260174] BUG: Dentry ffff88810e2ca880{i=0,n=.index}  still in use (1) "
        "[unmount of ext4 sdb1]\n"
        "[  538.275440] WARNING: CPU: 0 PID: 380 at fs/dcache.c:1616 umount_check+0x18d/0x1d0"
    ),
    near_miss="[  538.260174] umount: target is still in use (1) [unmount of ext4 sdb1]",
)
