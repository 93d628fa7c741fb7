"""A page could not be read from or written to swap."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="swap-io-error",
    title="{operation} error on swap device",
    class_="storage",
    severity="error",
    subsystem="mm",
    patterns=(
        Pattern(
            literal="Write-error on swap-device (",
            regex=(
                "(?P<operation>Write)-error on swap-device "
                r"\((?P<major>\d+):(?P<minor>\d+):(?P<sector>\d+)\)"
            ),
            printed=("Write-error on swap-device (%u:%u:%llu)",),
        ),
        Pattern(
            literal="Read-error on swap-device",
            regex=(
                "(?P<operation>Read)-error on swap-device(?: "
                r"\((?P<major>\d+):(?P<minor>\d+):(?P<sector>\d+)\))?"
            ),
            printed=("Read-error on swap-device (%u:%u:%llu)",),
        ),
    ),
    fields=(
        Field("operation", "str", "Read or Write"),
        Field("major", "int", "major number of the device"),
        Field("minor", "int", "minor number of the device"),
        Field("sector", "int", "sector on the device, of 512 bytes"),
    ),
    key=("operation",),
    printed_by=(
        "mm/page_io.c:__end_swap_bio_write",
        "mm/page_io.c:__end_swap_bio_read",
        "mm/page_io.c:sio_read_complete",
    ),
    meaning=(
        "A failed write is survived: the page stays in memory, marked dirty again, and memory "
        "pressure grows because swap does not take it. A failed read means that the only copy of "
        "a page of some process is gone; the process gets SIGBUS when it touches it, and if the "
        "kernel needs the page for itself more may fail. The reason is on the device below: a bad "
        "disk, a full thin pool, a zram device that could not allocate, swap over a network path "
        "that is down."
    ),
    next_steps=(
        "ls -l /sys/dev/block/MAJOR:MINOR names the device; swapon --show",
        "The block layer's error just before",
        ("swapoff DEVICE moves everything off it, if memory allows; expect read errors to kill processes"),
        "For zram: cat /sys/block/zram0/mm_stat and the memory limit",
    ),
    confused_with=(
        "block-io-error: the request that failed",
        "buffer-io-error: the same for files and metadata",
    ),
    example="[  990.120034] Write-error on swap-device (253:1:18874376)",
    near_miss="[  990.120034] Adding 8388604k swap on /dev/vdb.  Priority:-2 extents:1 across:8388604k",
)
