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
    example=(
        "[ 5028.681036] VFS: Busy inodes after unmount of sdb1 (ext4)\n"
        "[ 5028.681054] ------------[ cut here ]------------\n"
        "[ 5028.681058] kernel BUG at fs/super.c:650!\n"
        "[ 5028.681073] Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 5028.681080] CPU: 7 UID: 0 PID: 24747 Comm: umount Not tainted 6.12.57+deb13-amd64 #1 "
        "PREEMPT(lazy)  Debian 6.12.57-1\n"
        "[ 5028.681105] RIP: 0010:generic_shutdown_super+0x132/0x180\n"
        "[ 5028.681242] Call Trace:\n"
        "[ 5028.681249]  <TASK>\n"
        "[ 5028.681256]  kill_block_super+0x4d1/0x4f0\n"
        "[ 5028.681263]  ext4_kill_sb+0x47a/0xa10 [ext4]\n"
        "[ 5028.681281]  deactivate_locked_super+0x32d/0x3e0\n"
        "[ 5028.681291]  cleanup_mnt+0x3d2/0xcb0\n"
        "[ 5028.681304]  task_work_run+0x22c/0xdc0\n"
        "[ 5028.681321]  syscall_exit_to_user_mode+0x5d8/0x970\n"
        "[ 5028.681390]  </TASK>\n"
        "[ 5028.681409] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 5028.681413] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[  700.110021] umount: /mnt: VFS: Busy inodes after unmount of sdb1",
)
