"""Not all huge pages that were configured could be set aside."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="hugetlb-allocation-failed",
    title="HugeTLB pool not filled",
    class_="resource",
    severity="warning",
    subsystem="mm/hugetlb",
    patterns=(
        Pattern(
            literal="HugeTLB: allocating ",
            regex=(
                r"HugeTLB: allocating (?P<wanted>\d+) of page size (?P<page_size>[\d.]+ [KMG]i?B) failed(?:"
                r" node(?P<node>\d+))?\. +Only allocated (?P<allocated>\d+) hugepages"
            ),
        ),
    ),
    fields=(
        Field("wanted", "int", "pages that were asked for"),
        Field("allocated", "int", "pages that were got"),
        Field("page_size", "str", "their size"),
        Field("node", "int", "NUMA node"),
    ),
    key=("page_size",),
    printed_by=("mm/hugetlb.c:hugetlb_hstate_alloc_pages",),
    meaning=(
        "The command line or a service asked for more huge pages than contiguous memory could be found for. "
        "Programs that count on them (databases, virtual machines, DPDK) fail to start or get fewer. Large "
        "ones (1 GiB) can hardly be had after boot."
    ),
    next_steps=(
        (
            "Compare HugePages_Total in /proc/meminfo and /sys/devices/system/node/node*/hugepages with "
            "what is wanted."
        ),
        (
            "Ask for them on the command line, for each node (`hugepages=0:8,1:8`), not after the machine "
            "has run."
        ),
    ),
    confused_with=("hugetlb-kill: a process died for want of one",),
    example="""\
[    0.120011] HugeTLB: allocating 64 of page size 1.00 GiB failed.  Only allocated 57 hugepages.""",
    near_miss="[    0.120011] HugeTLB: registered 1.00 GiB page size, pre-allocated 57 pages",
)
