"""A thin pool has less free space than its low water mark."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="dm-thin-low-space",
    title="device-mapper: thin: pool is low on {content} space",
    class_="resource",
    severity="warning",
    subsystem="dm",
    patterns=(
        Pattern(
            literal="reached low water mark for ",
            regex=(
                r"device-mapper: thin: (?P<device>\S+): reached low water mark for "
                "(?P<content>data|metadata) device"
            ),
            printed=("%s: reached low water mark for data device: sending event.",),
        ),
    ),
    fields=(
        Field("device", "str", "pool (major:minor or name)"),
        Field("content", "str", "data or metadata"),
    ),
    key=("content",),
    printed_by=(
        "drivers/md/dm-thin.c:check_low_water_mark",
        "drivers/md/dm-thin.c:metadata_low_callback",
    ),
    meaning=(
        "The pool tells dmeventd that it will soon be full, once for each crossing. If automatic "
        "extension is set up the pool grows now; if not, or if the volume group is full, "
        "out-of-data-space follows, with failed writes on every thin volume. Running out of "
        "metadata space is worse than running out of data space: the pool needs repair."
    ),
    next_steps=(
        "lvs -o+data_percent,metadata_percent shows how full the pool is",
        "thin_pool_autoextend_threshold in lvm.conf; is dmeventd monitoring (lvs -o+seg_monitor)",
        "fstrim the file systems, remove old snapshots, or lvextend the pool",
    ),
    confused_with=("dm-thin-out-of-space: the pool is full already",),
    example=(
        "[55001.910004] device-mapper: thin: 253:4: reached low water mark for data device: sending event."
    ),
    near_miss=(
        "[55001.910004] device-mapper: thin: 253:4: growing the data device from 10240 to 20480 blocks"
    ),
)
