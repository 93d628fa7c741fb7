"""A process was killed because no huge page was left for it."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="hugetlb-kill",
    title="Process killed for want of a huge page",
    class_="resource",
    severity="error",
    subsystem="mm/hugetlb",
    patterns=(
        Pattern(
            literal=" killed due to inadequate hugepage pool",
            regex=r"PID (?P<pid>\d+) killed due to inadequate hugepage pool",
        ),
    ),
    fields=(Field("pid", "int", "the process"),),
    printed_by=("mm/hugetlb.c:hugetlb_wp",),
    meaning=(
        "A private mapping of huge pages was written to after a fork, and no free page was left to copy "
        "into. The parent keeps its memory, the child gets SIGBUS."
    ),
    next_steps=(
        "Compare HugePages_Free and HugePages_Rsvd in /proc/meminfo with what the program forks.",
        "Use MAP_SHARED, madvise(MADV_DONTFORK), or enlarge the pool.",
    ),
    confused_with=("oom-kill-global: ordinary memory ran out",),
    example="[ 8810.120011] PID 4412 killed due to inadequate hugepage pool",
    near_miss="[ 8810.120011] PID 4412 killed by SIGKILL",
)
