"""bcache met an error on its cache or backing device and stops caching or I/O."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="bcache-error",
    title="bcache: {problem}",
    class_="storage",
    severity="error",
    subsystem="bcache",
    patterns=(
        Pattern(
            literal="bcache: bch_cache_set_error() ",
            regex=(
                r"bcache: bch_cache_set_error\(\) error on (?P<cache_set>[0-9a-f-]+): (?P<detail>.*), "
                "(?P<problem>disabling caching)"
            ),
            printed=("error on %pU: %pV, disabling caching",),
        ),
        Pattern(
            literal="IO error on backing device, unrecoverable",
            regex=(
                r"bcache: bch_count_backing_io_errors\(\) (?P<device>\S+): (?P<problem>IO error on "
                "backing device, unrecoverable)"
            ),
            printed=("IO error on backing device, unrecoverable",),
        ),
        Pattern(
            literal="disable I/O request due to backing device offline",
            regex=(
                r"bcache: \w+\(\) (?P<device>\S+): (?P<problem>disable I/O request due to backing device "
                "offline)"
            ),
            printed=("disable I/O request due to backing device offline",),
        ),
        Pattern(
            literal="bcache: bch_count_io_errors() ",
            regex=r"bcache: bch_count_io_errors\(\) (?P<device>\S+): (?P<problem>IO error) on (?P<detail>.*)",
            printed=("%pg: IO error on %s%s",),
        ),
    ),
    fields=(
        Field("problem", "str", "what happened"),
        Field("cache_set", "str", "UUID of the cache set"),
        Field("device", "str", "cache or backing device"),
        Field("detail", "str", "the reason or the operation"),
    ),
    key=("problem",),
    printed_by=(
        "drivers/md/bcache/super.c:bch_cache_set_error",
        "drivers/md/bcache/super.c:cached_dev_status_update",
        "drivers/md/bcache/io.c:bch_count_io_errors",
        "drivers/md/bcache/io.c:bch_count_backing_io_errors",
    ),
    meaning=(
        "The cache device or the backing device failed requests. When the cache fails beyond its "
        "limit it is taken out of use; with write-back and dirty data the cached device is "
        "stopped too, because its newest data exists only in the cache. When the backing device "
        "is gone for a while all I/O is refused."
    ),
    next_steps=(
        "cat /sys/block/bcacheN/bcache/state and dirty_data: is there data only in the cache",
        "The errors of the device below; smartctl -x or nvme smart-log",
        "cat /sys/fs/bcache/UUID/errors and io_error_limit",
        "Do not reattach with dirty data missing before the cache device was imaged",
    ),
    confused_with=("block-io-error: the request that failed",),
    example=(
        "[ 2290.100320] bcache: bch_cache_set_error() error on "
        "1f2d0d5e-93ab-4a4c-8f2b-0e8a8a0f3b6d: nvme0n1p3: too many IO errors reading data from "
        "cache, disabling caching"
    ),
    near_miss=(
        "[    4.100320] bcache: bch_cached_dev_attach() Caching sdb as bcache0 on set "
        "1f2d0d5e-93ab-4a4c-8f2b-0e8a8a0f3b6d"
    ),
)
