"""An ext4 file system whose metadata was overwritten is used."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK

FAULT = Fault(
    name="ext4-corruption",
    title="an ext4 file system is corrupted",
    doc=(
        "A directory block and an inode of an ext4 file system were overwritten by a stray write. It is "
        "mounted without a check and read; what is damaged gives EUCLEAN or EBADMSG, and the file system does "
        "what its errors= option says. The disk itself is well."
    ),
    group="storage",
    parameters=(
        Parameter(
            "errors", "remount-ro", "", "what ext4 does at an error", choices=("remount-ro", "continue")
        ),
    ),
    needs=Needs(modules=("ext4",), disks=(DiskNeed("damaged", "ext4-damaged", 16),)),
    inject=DISK
    + """
        mkdir -p /mnt/damaged
        mount -t ext4 -o errors=$errors $(disk damaged) /mnt/damaged || exit 1
        ls -lR /mnt/damaged >/dev/null 2>&1
        cat /mnt/damaged/orders/part-0007 >/dev/null 2>&1
        exit 0
    """,
    undo="umount /mnt/damaged",
    symptom=Symptom(
        doc="The kernel prints what it found wrong, and ext4 counts errors of this mount.",
        console=r"EXT4-fs error \(device [a-z0-9]+\): ",
        command="grep -H '[1-9]' /sys/fs/ext4/*/errors_count",
        within_s=20,
    ),
    truth=Truth(
        kinds=("ext4-error",),
        cause="filesystem-corrupted",
        entity_kind="device",
        entity="vda",
        mechanism=(
            "ext4_readdir() in fs/ext4/dir.c and __ext4_iget() in fs/ext4/inode.c check what they read, and "
            "__ext4_error_file() or __ext4_error_inode() in fs/ext4/super.c reports it."
        ),
    ),
)
