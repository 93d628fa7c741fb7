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
        Parameter(
            "percent", 100, "%", "how full it gets, as df counts; at 100 writes fail", least=80, most=100
        ),
    ),
    needs=Needs(modules=("ext4",), disks=(DiskNeed("spool", "ext4", 16),)),
    inject=DISK
    + """
        mkdir -p /mnt/spool
        mount -t ext4 $(disk spool) /mnt/spool || exit 1
        # blocks as df counts them: what root alone may use is neither used nor free
        set -- $(stat -f -c '%b %f %a %S' /mnt/spool)
        used=$(($1 - $2)) kb=$(($4 / 1024))
        if [ $percent -eq 100 ]; then
            dd if=/dev/zero of=/mnt/spool/audit.log bs=64k 2>/dev/null
            dd if=/dev/zero of=/mnt/spool/audit.log.1 bs=1k 2>/dev/null
        else
            dd if=/dev/zero of=/mnt/spool/audit.log bs=1k count=$((((used + $3) * percent / 100 - used) * kb)) 2>/dev/null
        fi
        sync
    """,
    undo="rm -f /mnt/spool/audit.log*; umount /mnt/spool",
    symptom=Symptom(
        doc="df counts at least that much as used, and at 100 % a write fails.",
        command="""
        set -- $(stat -f -c '%b %f %a' /mnt/spool)
        full=$((($1 - $2) * 100 / ($1 - $2 + $3)))
        echo "/mnt/spool is full to $full %, $3 of $1 blocks can be used"
        [ $full -ge $((percent - 1)) ] || exit 1
        [ $percent -lt 100 ] || ! dd if=/dev/zero of=/mnt/spool/probe bs=4k count=1 conv=fsync 2>/dev/null
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
