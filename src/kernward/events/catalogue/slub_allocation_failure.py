"""The slab allocator could not get a page for a cache."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="slub-allocation-failure",
    title="SLUB allocation failure: {cache}",
    class_="resource",
    severity="error",
    subsystem="mm/slub",
    patterns=(
        # 6.1 names the node only, 6.12 the CPU as well.
        Pattern(
            literal="SLUB: Unable to allocate memory on ",
            regex=(
                r"SLUB: Unable to allocate memory on (?:CPU (?P<cpu>\d+) \(of node (?P<cpu_node>\d+)\) on"
                r" )?node (?P<node>-?\d+),? (?:\()?gfp=(?P<gfp_mask>0x[0-9a-f]+)(?:\("
                r"(?P<gfp_flags>[^)]{0,300})\))?"
            ),
        ),
    ),
    fields=(
        Field("cache", "str", "cache whose object was asked for"),
        Field("cpu", "int", "CPU that asked"),
        Field("cpu_node", "int", "its NUMA node"),
        Field("node", "int", "node that was asked for; -1 any"),
        Field("gfp_mask", "hex", "allocation flags as a number"),
        Field("gfp_flags", "str", "allocation flags by name"),
        Field("object_size_bytes", "int", "size of an object"),
        Field("buffer_size_bytes", "int", "size of an object with its debugging data"),
        Field("default_order", "int", "pages of a slab, as a power of two"),
        Field("min_order", "int", "pages of the smallest slab possible"),
        Field("slabs", "int", "slabs of the cache on the first node listed"),
        Field("objects", "int", "objects on that node"),
        Field("free_objects", "int", "free ones among them"),
    ),
    key=("cache",),
    continues=(
        (
            r"cache: (?P<cache>[\w:.-]{1,100})(?:\([^)]{0,200}\))?, object size: "
            r"(?P<object_size_bytes>\d+), buffer size: (?P<buffer_size_bytes>\d+), default order: "
            r"(?P<default_order>\d+), min order: (?P<min_order>\d+)"
        ),
        r"node \d+: slabs: (?P<slabs>\d+), objs: (?P<objects>\d+), free: (?P<free_objects>\d+)",
        r"[\w:.-]{1,100} debugging increased min order",
    ),
    reach=12,
    printed_by=("mm/slub.c:slab_out_of_memory",),
    meaning=(
        "A kernel object could not be allocated, usually by code that must not wait (an interrupt, a "
        "network driver), while free pages were below the reserves. Single ones in a burst of network "
        "traffic are survivable: a packet is dropped. A stream of them means that reclaim does not keep up "
        "or that unmovable memory grows."
    ),
    next_steps=(
        "Watch free memory and the reserves: vm.min_free_kbytes, `grep -E 'low|min' /proc/zoneinfo`.",
        "`slabtop -o -s c`: does one cache grow without end?",
        "min_order above 0 together with free memory means fragmentation.",
    ),
    confused_with=(
        "page-allocation-failure: the page allocator's own report, often of the same moment",
        "oom-kill-global: the allocation could wait, and somebody was killed",
    ),
    example="""\
[ 7702.300001] SLUB: Unable to allocate memory on node -1, gfp=0x820(GFP_ATOMIC)
[ 7702.300006]   cache: skbuff_head_cache, object size: 224, buffer size: 256, default order: 0, min order: 0
[ 7702.300009]   node 0: slabs: 410, objs: 6560, free: 0""",
    near_miss="[    0.300001] SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=4, Nodes=1",
)
