"""A disk under a mounted file system fails for good."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Symptom, Truth
from kernward.vm.fault_parts import DISK, MAPPED

FAULT = Fault(
    name="failed-disk",
    title="a disk fails under a mounted ext4",
    doc=(
        "The device-mapper table under a mounted ext4 (errors=remount-ro) is replaced by one that fails every "
        "request (dm-error), as when a disk dies at run time. The journal aborts, the file system goes "
        "read-only, and what is not cached can no longer be read. /proc/mounts need not say so: kernels that "
        "do not set SB_RDONLY after an error (6.12, and 6.1 as Debian has it) show rw with `abort`."
    ),
    group="storage",
    needs=Needs(modules=("ext4", "dm_mod"), programs=("dmsetup",), disks=(DiskNeed("orders", "ext4", 16),)),
    inject=DISK
    + MAPPED
    + """
        under=$(disk orders)
        size=$(cat /sys/block/${under##*/}/size)
        dmsetup create --noudevsync --noudevrules orders --table "0 $size linear $under 0" || exit 1
        mkdir -p /mnt/orders
        mount -t ext4 -o errors=remount-ro $(mapped orders) /mnt/orders || exit 1
        echo before >/mnt/orders/file
        sync
        dmsetup suspend --nolockfs --noudevsync orders
        dmsetup reload orders --table "0 $size error"
        dmsetup resume --noudevsync orders
        (
            echo after >>/mnt/orders/file
            mkdir /mnt/orders/new
            sync
            echo 3 >/proc/sys/vm/drop_caches
            ls -lR /mnt/orders
        ) </dev/null >/dev/null 2>&1 &
    """,
    undo="umount /mnt/orders; dmsetup remove --noudevsync --retry orders",
    symptom=Symptom(
        doc="The file system says that it goes read-only, and a write fails.",
        console=r"EXT4-fs \(dm-\d+\): Remounting filesystem read-only",
        command="! (echo probe >/mnt/orders/probe) 2>/dev/null && grep /mnt/orders /proc/mounts",
        within_s=30,
    ),
    truth=Truth(
        kinds=("buffer-io-error", "ext4-error", "ext4-remount-read-only", "jbd2-abort"),
        cause="device-failed",
        entity_kind="device",
        entity="dm-0",
        mechanism=(
            "io_err_map() in drivers/md/dm-target.c fails each bio; journal_end_buffer_io_sync() in "
            "fs/jbd2/commit.c sees it, jbd2_journal_abort() stops the journal, and ext4_handle_error() in "
            "fs/ext4/super.c lets nothing be written any more."
        ),
    ),
)
