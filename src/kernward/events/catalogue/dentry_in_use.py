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
        "[ 3419.033328] BUG: Dentry 00000000d2c8e1f4{i=0,n=.index}  still in use (1) [unmount of "
        "ext4 sdb1]\n"
        "[ 3419.033341] ------------[ cut here ]------------\n"
        "[ 3419.033354] WARNING: CPU: 3 PID: 7050 at fs/dcache.c:1662 umount_check+0x5d/0x70\n"
        "[ 3419.033369] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 3419.033376] CPU: 3 PID: 7050 Comm: umount Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 3419.033405] RIP: 0010:umount_check+0x5d/0x70\n"
        "[ 3419.033506] Call Trace:\n"
        "[ 3419.033515]  <TASK>\n"
        "[ 3419.033528]  d_walk+0x1ac/0x5a0\n"
        "[ 3419.033538]  do_one_tree+0xdb/0x240\n"
        "[ 3419.033545]  shrink_dcache_for_umount+0x63/0xcf0\n"
        "[ 3419.033552]  generic_shutdown_super+0x176/0x1a0\n"
        "[ 3419.033568]  kill_block_super+0x5ab/0xaa0\n"
        "[ 3419.033584]  deactivate_locked_super+0x615/0x750\n"
        "[ 3419.033682]  </TASK>\n"
        "[ 3419.033688] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[  538.260174] umount: target is still in use (1) [unmount of ext4 sdb1]",
)
