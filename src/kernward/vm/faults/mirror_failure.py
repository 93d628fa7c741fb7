"""One half of a mirror fails."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Symptom, Truth
from kernward.vm.fault_parts import DISK, MAPPED

FAULT = Fault(
    name="mirror-failure",
    title="a disk of a RAID 1 fails",
    doc=(
        "Of a mirror (md RAID 1) over two disks, one begins to fail every request (its device-mapper table "
        "is replaced by dm-error). The next write has md declare it faulty and go on with the other: nothing "
        "is lost, and there is no second copy any more."
    ),
    group="storage",
    needs=Needs(
        modules=("raid1", "dm_mod"),
        programs=("mdadm", "dmsetup"),
        disks=(DiskNeed("left", "blank", 16), DiskNeed("right", "blank", 16)),
    ),
    inject=DISK
    + MAPPED
    + """
        under=$(disk right)
        size=$(cat /sys/block/${under##*/}/size)
        dmsetup create --noudevsync --noudevrules right --table "0 $size linear $under 0" || exit 1
        mkdir -p /run/mdadm
        mdadm --create /dev/md0 --run --force --level=1 --metadata=1.2 --raid-devices=2 --assume-clean \\
            $(disk left) $(mapped right) 2>/run/mirror-failure.said || { cat /run/mirror-failure.said >&2; exit 1; }
        dd if=/dev/zero of=/dev/md0 bs=64k count=4 conv=fsync 2>/dev/null
        dmsetup suspend --nolockfs --noudevsync right
        dmsetup reload right --table "0 $size error"
        dmsetup resume --noudevsync right
        dd if=/dev/zero of=/dev/md0 bs=64k count=20 conv=fsync >/dev/null 2>&1 </dev/null &
    """,
    undo="mdadm --stop /dev/md0 2>/dev/null; dmsetup remove --noudevsync --retry right",
    symptom=Symptom(
        doc="md says that it goes on with one device, and counts the array as degraded.",
        console=r"md/raid1:md0: Disk failure on dm-\d+, disabling device",
        command="grep -H 1 /sys/block/md0/md/degraded",
        within_s=30,
    ),
    truth=Truth(
        kinds=("md-disk-failure",),
        cause="device-failed",
        entity_kind="device",
        entity="dm-0",
        mechanism=(
            "raid1_end_write_request() in drivers/md/raid1.c sees the failed write, and md_error() in "
            "drivers/md/md.c has raid1_error() mark the device faulty."
        ),
    ),
)
