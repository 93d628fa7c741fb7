"""A disk answers late."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK, MAPPED, SERVE, STOP, service_name

FAULT = Fault(
    name="slow-disk",
    title="a disk answers late",
    doc=(
        "A device-mapper table (dm-delay) holds every request to a disk back for a while, as a worn or "
        "overloaded disk does. A service reads from it and writes to it at random places, one request of each "
        "at a time. No request fails and nothing is printed."
    ),
    group="storage",
    parameters=(
        Parameter("read_ms", 100, "ms", "how long a read is held back", least=5, most=5000),
        Parameter("write_ms", 200, "ms", "how long a write is held back", least=5, most=5000),
        service_name("postgres"),
    ),
    needs=Needs(
        misbehave=True,
        modules=("dm_mod", "dm_delay"),
        programs=("dmsetup",),
        disks=(DiskNeed("slow", "blank", 64),),
    ),
    inject=SERVE
    + DISK
    + MAPPED
    + """
        under=$(disk slow)
        size=$(cat /sys/block/${under##*/}/size)
        dmsetup create --noudevsync --noudevrules slow --table \\
            "0 $size delay $under 0 $read_ms $under 0 $write_ms" || exit 1
        serve $service "" direct $(mapped slow) read 1 4096 64
        serve $service-w "" direct $(mapped slow) write 1 4096 64
    """,
    undo=STOP + "stop $service; stop $service-w; dmsetup remove --noudevsync --retry slow",
    symptom=Symptom(
        doc="The time per request that the device's statistics count is at least nine tenths of the delay.",
        command=MAPPED
        + """
        device=$(mapped slow)
        # reads, ms of them, writes, ms of them (Documentation/block/stat.rst)
        look() { awk '{ print $1, $4, $5, $8 }' /sys/block/${device##*/}/stat; }
        set -- $(look)
        usleep $(((read_ms > write_ms ? read_ms : write_ms) * 5000))
        set -- "$@" $(look)
        reads=$(($5 - $1)) read=$(($6 - $2)) writes=$(($7 - $3)) write=$(($8 - $4))
        echo "$reads reads took $read ms, $writes writes took $write ms"
        [ $reads -gt 0 ] && [ $writes -gt 0 ] &&
            [ $((read * 10)) -ge $((reads * read_ms * 9)) ] && [ $((write * 10)) -ge $((writes * write_ms * 9)) ]
        """,
        within_s=80,
    ),
    truth=Truth(
        cause="device-slow",
        entity_kind="device",
        entity="dm-0",
        mechanism=(
            "delay_map() in drivers/md/dm-delay.c queues each bio, and flush_delayed_bios() passes it on when "
            "its time has come; whoever waits for it sleeps in io_schedule() in kernel/sched/core.c."
        ),
    ),
)
