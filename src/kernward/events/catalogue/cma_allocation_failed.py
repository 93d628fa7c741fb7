"""The contiguous memory area had no room."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="cma-allocation-failed",
    title="CMA allocation failed",
    class_="resource",
    severity="warning",
    subsystem="mm/cma",
    patterns=(
        Pattern(
            literal="alloc failed, req-size: ",
            regex=(
                r"cma: (?:__)?cma_alloc\w{0,20}: (?:(?P<area>[\w@.,-]{1,64}): )?alloc failed, req-size: "
                r"(?P<pages>\d+) pages, ret: (?P<error>-?\d+)"
            ),
            unprinted="Debian's amd64 kernels are built without CONFIG_CMA",
        ),
    ),
    fields=(
        Field("area", "str", "the area"),
        Field("pages", "int", "pages asked for"),
        Field("error", "int", "error code: -12 no room, -16 pages that could not be moved"),
    ),
    key=("area",),
    printed_by=("mm/cma.c:cma_alloc",),
    meaning=(
        "A driver wanted physically contiguous memory from the area that is reserved for it. Movable pages "
        "that fill the area meanwhile could not be moved (-16: something pins them), or it is full (-12). "
        "Cameras, video decoders and some network drivers fail."
    ),
    next_steps=(
        "Compare CmaTotal and CmaFree in /proc/meminfo; /sys/kernel/mm/cma/*/alloc_pages_fail.",
        "-16: look for long-term pins (RDMA, io_uring buffers) in movable memory.",
        "Enlarge it: `cma=` on the command line, or the device tree's reserved-memory node.",
    ),
    confused_with=("page-allocation-failure: the ordinary allocator",),
    example="[  880.120001] cma: cma_alloc: linux,cma: alloc failed, req-size: 2048 pages, ret: -12",
    near_miss="[    0.120001] cma: Reserved 64 MiB at 0x000000003c000000",
)
