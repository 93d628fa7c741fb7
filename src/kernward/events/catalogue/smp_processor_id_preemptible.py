"""Per-CPU data was used while the task could move to another CPU."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The accessors of per-CPU data check for their caller."""
    reading.machinery.append(
        (r"\w*(?:preempt|debug_|processor_id|this_cpu)\w*", "accesses per-CPU data for its caller")
    )


KIND = Kind(
    id="smp-processor-id-preemptible",
    title="BUG: using {operation}() in preemptible code in {function}",
    title_without_function="BUG: using {operation}() in preemptible code in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="() in preemptible",
            regex=(
                r"BUG: using (?P<operation>\w+)\(\) in preemptible \[[0-9a-f]+\] code: "
                r"(?P<comm>.{0,16})/(?P<pid>\d+)"
            ),
            unprinted="CONFIG_DEBUG_PREEMPT is off in Debian's amd64 kernels",
        ),
        Pattern(
            literal="() in preemptible",
            regex=r"BUG: using (?P<operation>\w+)\(\) in preemptible",
            unprinted="CONFIG_DEBUG_PREEMPT is off in Debian's amd64 kernels",
        ),
    ),
    fields=(
        Field("operation", "str", "the operation that needs a fixed CPU"),
        Field("comm", "str", "the task"),
        Field("pid", "int", "its pid"),
    ),
    key=("operation",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("lib/smp_processor_id.c:check_preemption_disabled",),
    meaning=(
        "smp_processor_id() or a this_cpu operation ran with preemption enabled. The task "
        "can migrate in between, so a counter of another CPU is changed or the wrong CPU's "
        "data is used: rare corruption of statistics or worse."
    ),
    next_steps=(
        (
            "`caller is f+…` names the user: wrap it in preempt_disable() or get_cpu_ptr(), or "
            "use raw_/this_cpu_ variants if a wrong CPU is harmless."
        ),
    ),
    confused_with=("scheduling-while-atomic: the opposite, too little preemption.",),
    example=(
        "[   59.806466] BUG: using smp_processor_id() in preemptible [00000000] code: fio/6792\n"
        "[   59.815692] caller is ext4_mb_new_blocks+0xa4d/0x3b70"
    ),
    near_miss="[   59.806466] app: using smp_processor_id() in preemptible code",
)
