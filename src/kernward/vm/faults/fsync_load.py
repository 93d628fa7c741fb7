"""A service waits for the disk after every small write."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK, SERVE, STOP, service_name

FAULT = Fault(
    name="fsync-load",
    title="a service calls fsync after every record",
    doc=(
        "Threads of a service write small records, each to its own file, and call fsync() after each one. "
        "Each call commits the journal and flushes the disk's cache: the disk writes little and is busy all "
        "the time, and every other fsync() on that file system waits too."
    ),
    group="storage",
    parameters=(
        Parameter("threads", 4, "", "how many threads write", least=1, most=64),
        Parameter("record_bytes", 512, "bytes", "size of a record", least=1, most=65536),
        service_name("event-store"),
    ),
    needs=Needs(misbehave=True, modules=("ext4",), disks=(DiskNeed("events", "ext4", 64),)),
    inject=DISK
    + SERVE
    + """
        mkdir -p /mnt/events
        mount -t ext4 $(disk events) /mnt/events || exit 1
        serve $service "" fsync /mnt/events/journal $threads $record_bytes
    """,
    undo=STOP + "stop $service; umount /mnt/events",
    symptom=Symptom(
        doc="The disk's statistics count at least ten flushes within 2 s.",
        command=DISK
        + """
        device=$(disk events)
        # flush requests, ms of I/O (Documentation/block/stat.rst)
        look() { awk '{ print $16, $10 }' /sys/block/${device##*/}/stat; }
        set -- $(look)
        sleep 2
        set -- "$@" $(look)
        echo "$(($3 - $1)) flushes within 2 s, of which the disk was busy for $(($4 - $2)) ms"
        [ $(($3 - $1)) -ge 10 ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="fsync-load",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "ext4_sync_file() in fs/ext4/fsync.c has the journal commit (ext4_fc_commit() in "
            "fs/ext4/fast_commit.c), and blkdev_issue_flush() in block/blk-flush.c waits for the disk's cache."
        ),
    ),
)
