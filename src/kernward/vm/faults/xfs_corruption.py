"""An XFS file system whose metadata was overwritten is used."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Symptom, Truth
from kernward.vm.fault_parts import DISK

FAULT = Fault(
    name="xfs-corruption",
    title="an XFS file system is corrupted and shut down",
    doc=(
        "The index of free space of an XFS file system was overwritten in every allocation group. It can be "
        "mounted and read; the first write that needs a free block finds the damage, and at the end the file "
        "system is shut down. The disk itself is well."
    ),
    group="storage",
    needs=Needs(misbehave=True, modules=("xfs",), disks=(DiskNeed("archive", "xfs-damaged", 320),)),
    inject=DISK
    + """
        mkdir -p /mnt/archive
        mount -t xfs $(disk archive) /mnt/archive || exit 1
        (echo 42 >/mnt/archive/new; sync) 2>/dev/null
        ln -sf /usr/bin/misbehave /tmp/archiver
        /tmp/archiver shutdown /mnt/archive
        exit 0
    """,
    undo="umount /mnt/archive",
    symptom=Symptom(
        doc="The kernel prints which metadata block is corrupted, and the file system gives EIO.",
        console=r"XFS \([a-z0-9]+\): Metadata (corruption|CRC error) detected at ",
        command="! ls /mnt/archive >/dev/null 2>&1 && grep /mnt/archive /proc/mounts",
        within_s=40,
    ),
    truth=Truth(
        kinds=("xfs-metadata-corruption", "xfs-shutdown"),
        cause="filesystem-corrupted",
        entity_kind="device",
        entity="vda",
        mechanism=(
            "xfs_allocbt_read_verify() in fs/xfs/libxfs/xfs_alloc_btree.c refuses the block, xfs_verifier_error() "
            "in fs/xfs/xfs_error.c reports it, and xfs_do_force_shutdown() in fs/xfs/xfs_fsops.c ends all access."
        ),
    ),
)
