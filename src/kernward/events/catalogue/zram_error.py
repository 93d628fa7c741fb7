"""zram could not decompress a page it had stored."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="zram-error",
    title="zram: decompression failed",
    class_="storage",
    severity="error",
    subsystem="zram",
    patterns=(
        Pattern(
            literal="zram: Decompression failed!",
            regex=r"zram: Decompression failed! err=(?P<error>-?\d+), page=(?P<page>\d+)",
            printed=("zram: Decompression failed! err=%d, page=%u",),
        ),
    ),
    fields=(
        Field("error", "int", "errno, negative"),
        Field("page", "int", "number of the page in the device"),
    ),
    printed_by=("drivers/block/zram/zram_drv.c:zram_read_from_zspool",),
    meaning=(
        "The compressed copy of a page in memory is damaged, so its content is lost. For swap, "
        "the usual use, the process that needs the page is killed with SIGBUS. Nothing but memory "
        "is involved: a flipped bit, a stray write of a kernel bug, or a bug in the compression "
        "driver."
    ),
    next_steps=(
        "Memory errors: EDAC, machine checks; test the memory",
        "Other signs of memory corruption in the same boot (Bad page state, slab corruption)",
        "Another algorithm in /sys/block/zram0/comp_algorithm as an experiment",
    ),
    confused_with=("swap-io-error: the consequence when zram is swap",),
    example="[11110.220010] zram: Decompression failed! err=-22, page=44120",
    near_miss="[   11.220010] zram: Added device: zram0",
)
