"""Virtually contiguous kernel memory could not be had."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="vmalloc-failure",
    title="vmalloc failure: {cause}",
    class_="resource",
    severity="error",
    subsystem="mm/vmalloc",
    patterns=(
        Pattern(
            literal="vmalloc error: size ",
            regex=(
                r"(?P<comm>.{0,64}): vmalloc error: size (?P<size_bytes>\d+), (?:page order "
                r"(?P<page_order>\d+), )?(?P<cause>exceeds total pages|vm_struct allocation failed|failed"
                r" to allocated page array size|failed to allocate pages|failed to map pages)[^:]{0,40},"
                r" mode:(?P<gfp_mask>0x[0-9a-f]+)(?:\((?P<gfp_flags>[^)]{0,300})\))?"
            ),
        ),
        # The address range was used up; the hint to enlarge it was dropped later.
        Pattern(
            literal="vmap allocation for size ",
            regex=(
                r"vmap allocation for size (?P<size_bytes>\d+) failed: (?P<cause>use vmalloc=<size> to"
                r" increase size)"
            ),
            until="6.1",
        ),
        # An older wording.
        Pattern(
            literal="vmalloc: allocation failure",
            regex=(
                r"(?P<comm>.{0,64}): (?P<cause>vmalloc: allocation failure)(?:: |, allocated \d+ of )"
                r"(?P<size_bytes>\d+) bytes"
            ),
            unprinted="the wording of older releases",
        ),
    ),
    fields=(
        Field("cause", "str", "which step failed"),
        Field("size_bytes", "int", "what was asked for"),
        Field("page_order", "int", "size of the pages it was to be made of, as a power of two"),
        Field("comm", "str", "process that asked"),
        Field("gfp_mask", "hex", "allocation flags as a number"),
        Field("gfp_flags", "str", "allocation flags by name"),
    ),
    key=("cause",),
    printed_by=(
        "mm/vmalloc.c:__vmalloc_node_range_noprof",
        "mm/vmalloc.c:alloc_vmap_area",
    ),
    meaning=(
        "vmalloc builds a contiguous range of addresses from single pages. `vm_struct allocation failed` "
        "means that the address range is used up or cut to pieces, `failed to allocate pages` that memory "
        "itself is short (or the caller's cgroup is), `exceeds total pages` that somebody asked for more "
        "than the machine has, which is a wrong size more often than a real need. The call fails; modules "
        "do not load, BPF programs and firewalls' tables are refused."
    ),
    next_steps=(
        (
            "Look at the size: an absurd one is a bug or a hostile request of the caller in the stack that "
            "follows."
        ),
        (
            "Address space: VmallocUsed in /proc/meminfo, `sort -k2 -n -r /proc/vmallocinfo` for who holds "
            "it (leaks show as many alike)."
        ),
        "Memory: see oom and page allocation events around it, and the cgroup's limit.",
    ),
    confused_with=("page-allocation-failure: physically contiguous memory",),
    example="""\
[ 6610.010001] iptables-restor: vmalloc error: size 134221824, failed to allocate pages, mode:0xcc0(GFP_KERNEL), nodemask=(null),cpuset=/,mems_allowed=0""",
    near_miss="[    0.010001] mm: vmalloc area initialised, 34359738367 kB",
)
