"""The kernel could not mount its root file system."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-vfs-mount-root",
    title="kernel panic: VFS: Unable to mount root fs on unknown-block(NUM,NUM)",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="VFS: Unable to mount root fs",
            regex=(
                r"Kernel panic - not syncing: VFS: Unable to mount root fs (?:on|via) "
                r"(?P<device>[^\n]{1,80})"
            ),
        ),
    ),
    fields=(Field("device", "str", "the device that was tried"),),
    extent=Extent.REPORT,
    printed_by=("init/do_mounts.c:mount_block_root",),
    meaning=(
        "At the end of boot no root file system could be mounted. `unknown-block(0,0)` means "
        "the kernel does not know any such device: the driver or the initramfs is missing, "
        "root= is wrong, or the disk was not found. A named device means the device is there "
        "and its file system could not be read."
    ),
    next_steps=(
        (
            "The lines above list the block devices the kernel did find, and `Cannot open root "
            "device …: error -N`."
        ),
        ("After a kernel update: was the initramfs built (`ls -l /boot/initrd.img-*`; full /boot)?"),
        "Check root= against `blkid`; virtual machines: was the disk controller changed?",
    ),
    confused_with=("panic-no-init: mounted, but no init in it.",),
    example=(
        "[   58.614801] Kernel panic - not syncing: VFS: Unable to mount root fs on "
        "unknown-block(0,0)\n"
        "[   58.614810] CPU: 3 PID: 1 Comm: swapper/0 Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[   58.614828] Call Trace:\n"
        "[   58.614839]  <TASK>\n"
        "[   58.614844]  dump_stack_lvl+0xa96/0xc10\n"
        "[   58.614859]  panic+0xbb/0x340\n"
        "[   58.614876]  mount_block_root+0x411/0xad0\n"
        "[   58.614894]  prepare_namespace+0x11/0x50\n"
        "[   58.614913]  kernel_init_freeable+0x4e4/0xa70\n"
        "[   58.614933]  kernel_init+0x16c/0x180\n"
        "[   58.614989]  </TASK>\n"
        "[   58.615010] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on "
        "unknown-block(0,0) ]---"
    ),
    near_miss="[    1.902177] VFS: Mounted root (ext4 filesystem) readonly on device 8:1.",
)
