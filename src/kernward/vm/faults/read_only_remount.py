"""A file system that is in use goes read-only."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Symptom, Truth
from kernward.vm.fault_parts import DISK

FAULT = Fault(
    name="read-only-remount",
    title="ext4 makes itself read-only",
    doc=(
        "ext4 is told that it has met an error it cannot go on with (mount -o remount,abort): its journal "
        "aborts and the file system becomes read-only under the service that writes to it. /proc/mounts need "
        "not say so: kernels that do not set SB_RDONLY after an error (6.12, and 6.1 as Debian has it) show rw "
        "with `abort`."
    ),
    group="storage",
    needs=Needs(modules=("ext4",), disks=(DiskNeed("uploads", "ext4", 16),)),
    inject=DISK
    + """
        mkdir -p /mnt/uploads
        mount -t ext4 -o errors=remount-ro $(disk uploads) /mnt/uploads || exit 1
        echo before >/mnt/uploads/file
        mount -o remount,abort /mnt/uploads 2>/dev/null
        echo after 2>/dev/null >>/mnt/uploads/file
        exit 0
    """,
    undo="umount /mnt/uploads",
    symptom=Symptom(
        doc="The kernel prints why, and a write gives EROFS.",
        console=r"EXT4-fs error \(device [a-z0-9]+\).*Abort forced by user",
        command="! (echo probe >/mnt/uploads/probe) 2>/dev/null && grep /mnt/uploads /proc/mounts",
        within_s=15,
    ),
    truth=Truth(
        kinds=("ext4-error", "ext4-remount-read-only"),
        cause="filesystem-read-only",
        entity_kind="device",
        entity="vda",
        mechanism=(
            "__ext4_remount() in fs/ext4/super.c calls ext4_abort(), ext4_handle_error() aborts the journal, and "
            "ext4_journal_check_start() in fs/ext4/ext4_jbd2.c gives EROFS to every writer."
        ),
    ),
)
