"""A disk fails all requests for some seconds, over and over."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK, MAPPED

FAULT = Fault(
    name="flaky-disk",
    title="a disk comes and goes",
    doc=(
        "A device-mapper table (dm-flakey) fails every request for some seconds, then lets all through for "
        "some seconds, as a disk on a bad cable does. A service reads it from the beginning twice a second."
    ),
    group="storage",
    parameters=(
        Parameter("up_s", 2, "s", "how long requests succeed", least=1, most=60),
        Parameter("down_s", 2, "s", "how long they fail", least=1, most=60),
    ),
    needs=Needs(
        modules=("dm_mod", "dm_flakey"), programs=("dmsetup",), disks=(DiskNeed("flaky", "blank", 16),)
    ),
    inject=DISK
    + MAPPED
    + """
        under=$(disk flaky)
        size=$(cat /sys/block/${under##*/}/size)
        dmsetup create --noudevsync --noudevrules flaky --table \\
            "0 $size flakey $under 0 $up_s $down_s" || exit 1
        device=$(mapped flaky)
        (
            while :; do
                blockdev --flushbufs $device
                dd if=$device of=/dev/null bs=4k count=16
                usleep 500000
            done
        ) </dev/null >/dev/null 2>&1 &
        echo $! >/run/flaky-disk.pid
    """,
    undo="kill $(cat /run/flaky-disk.pid); sleep 1; dmsetup remove --noudevsync --retry flaky",
    symptom=Symptom(
        doc="The kernel prints that a block of the device could not be read.",
        console=r"Buffer I/O error on dev dm-\d+, logical block \d+",
        within_s=15,
        plus=("up_s",),
    ),
    truth=Truth(
        kinds=("buffer-io-error",),
        cause="device-failing",
        entity_kind="device",
        entity="dm-0",
        mechanism=(
            "flakey_map() in drivers/md/dm-flakey.c ends each bio with BLK_STS_IOERR while the device is down, "
            "and end_buffer_async_read() in fs/buffer.c reports the block."
        ),
    ),
)
