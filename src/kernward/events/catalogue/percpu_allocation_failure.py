"""Per-CPU memory could not be had."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="percpu-allocation-failure",
    title="percpu allocation failure",
    class_="resource",
    severity="error",
    subsystem="mm/percpu",
    patterns=(
        Pattern(
            literal="percpu: allocation failed, size=",
            regex=(
                r"percpu: allocation failed, size=(?P<size_bytes>\d+) align=(?P<align_bytes>\d+) atomic="
                r"(?P<atomic>[01]), (?P<cause>.{1,80})"
            ),
        ),
    ),
    fields=(
        Field("size_bytes", "int", "what was asked for, for each CPU"),
        Field("align_bytes", "int", "alignment"),
        Field("atomic", "int", "1 when the caller could not wait"),
        Field("cause", "str", "what failed"),
    ),
    key=("cause",),
    printed_by=("mm/percpu.c:pcpu_alloc_noprof",),
    meaning=(
        "Memory of which every CPU has its own copy is handed out from chunks; none had room, and no new "
        "one could be made. Each byte costs as many bytes as the machine has CPUs, so cgroups, network "
        "namespaces and BPF maps by the thousand use it up on large machines. The creation of a cgroup, a "
        "mount or an interface fails."
    ),
    next_steps=(
        (
            "See the sum: Percpu in /proc/meminfo; count cgroups (`grep . /proc/cgroups`), dying ones in "
            "cgroup.stat (nr_dying_descendants)."
        ),
        "Look for what is created in a loop: mounts, namespaces, BPF maps.",
        "The stack that follows names the caller.",
    ),
    confused_with=("vmalloc-failure: the address range that chunks come from",),
    example="""\
[91230.220001] percpu: allocation failed, size=1024 align=8 atomic=0, alloc from reserved chunk failed""",
    near_miss="[    0.220001] percpu: Embedded 61 pages/cpu s212992 r8192 d28672 u262144",
)
