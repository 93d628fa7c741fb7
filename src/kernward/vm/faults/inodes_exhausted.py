"""A file system has free blocks and no free inode."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK

FAULT = Fault(
    name="inodes-exhausted",
    title="a file system has no inode left",
    doc=(
        "A service makes small files until its ext4 has no free inode. From then on no file can be made "
        "(ENOSPC), although most blocks are free; df shows nothing wrong, df -i does."
    ),
    group="storage",
    parameters=(Parameter("left", 0, "", "how many inodes are left free", least=0, most=512),),
    needs=Needs(modules=("ext4",), disks=(DiskNeed("sessions", "ext4", 16),)),
    inject=DISK
    + """
        mkdir -p /mnt/sessions
        mount -t ext4 $(disk sessions) /mnt/sessions || exit 1
        mkdir -p /mnt/sessions/tmp
        cd /mnt/sessions/tmp || exit 1
        free=$(awk -v left=$left 'BEGIN { "stat -f -c %d /mnt/sessions" | getline free; print free - left }')
        # a thousand names at a time
        for part in $(seq 0 1000 $((free - 1))); do
            last=$((part + 999))
            [ $last -lt $free ] || last=$((free - 1))
            touch $(seq -f sess_%g $part $last 2>/dev/null || seq $part $last)
        done
        exit 0
    """,
    undo="rm -rf /mnt/sessions/tmp; umount /mnt/sessions",
    symptom=Symptom(
        doc="statfs() counts no more free inodes than that; with none left no file can be made.",
        command="""
        free=$(stat -f -c %d /mnt/sessions) blocks=$(stat -f -c %f /mnt/sessions)
        echo "$free inodes and $blocks blocks are free in /mnt/sessions"
        [ $free -le $left ] && [ $blocks -gt 100 ] || exit 1
        [ $left -gt 0 ] || ! touch /mnt/sessions/probe 2>/dev/null
        """,
        within_s=60,
    ),
    truth=Truth(
        cause="filesystem-inodes-exhausted",
        entity_kind="device",
        entity="vda",
        mechanism=(
            "__ext4_new_inode() in fs/ext4/ialloc.c finds no block group with a free inode in find_group_other() "
            "and gives ENOSPC."
        ),
    ),
)
