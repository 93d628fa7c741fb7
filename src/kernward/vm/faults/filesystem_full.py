"""A file system has no free block left."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK

FAULT = Fault(
    name="filesystem-full",
    title="a file system is full",
    doc=(
        "A log grows until its ext4 has no free block left; from then on every write that needs one gives "
        "ENOSPC. The kernel prints nothing."
    ),
    group="storage",
    parameters=(
        Parameter("left_kb", 0, "KiB", "how much is left free; with 0 writes fail", least=0, most=4096),
    ),
    needs=Needs(modules=("ext4",), disks=(DiskNeed("spool", "ext4", 16),)),
    inject=DISK
    + """
        mkdir -p /mnt/spool
        mount -t ext4 $(disk spool) /mnt/spool || exit 1
        dd if=/dev/zero of=/mnt/spool/audit.log bs=64k 2>/dev/null
        dd if=/dev/zero of=/mnt/spool/audit.log.1 bs=1k 2>/dev/null
        if [ $left_kb -gt 0 ]; then
            size=$(stat -c %s /mnt/spool/audit.log)
            truncate -s $((size - left_kb * 1024)) /mnt/spool/audit.log
        fi
        sync
    """,
    undo="rm -f /mnt/spool/audit.log*; umount /mnt/spool",
    symptom=Symptom(
        doc="statfs() counts no more free blocks than that, and with none left a write fails.",
        command="""
        free=$(stat -f -c %f /mnt/spool) size=$(stat -f -c %S /mnt/spool)
        echo "$((free * size / 1024)) KiB are free in /mnt/spool"
        [ $((free * size / 1024)) -le $((left_kb + 64)) ] || exit 1
        [ $left_kb -gt 0 ] || ! dd if=/dev/zero of=/mnt/spool/probe bs=4k count=1 2>/dev/null
        """,
        within_s=30,
    ),
    truth=Truth(
        cause="filesystem-full",
        entity_kind="device",
        entity="vda",
        mechanism=(
            "ext4_claim_free_clusters() in fs/ext4/balloc.c finds too few free clusters and gives ENOSPC to "
            "ext4_da_reserve_space() in fs/ext4/inode.c."
        ),
    ),
)
