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
        "[ 8733.034265] BUG: using smp_processor_id() in preemptible [00000000] code: fio/25806\n"
        "[ 8733.034276] caller is ext4_mb_new_blocks+0xa4d/0x3b70 [ext4]\n"
        "[ 8733.034286] CPU: 5 PID: 25806 Comm: fio Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 8733.034310] Call Trace:\n"
        "[ 8733.034324]  <TASK>\n"
        "[ 8733.034327]  dump_stack_lvl+0xb1b/0xb80\n"
        "[ 8733.034339]  check_preemption_disabled+0x8fe/0x910\n"
        "[ 8733.034358]  ext4_mb_new_blocks+0x55d/0x850 [ext4]\n"
        "[ 8733.034378]  ext4_ext_map_blocks+0x1ec/0x210 [ext4]\n"
        "[ 8733.034395]  ext4_map_blocks+0xb6/0x130 [ext4]\n"
        "[ 8733.034404]  ext4_fallocate+0x1c7/0x760 [ext4]\n"
        "[ 8733.034473]  </TASK>"
    ),
    near_miss="[   59.806466] app: using smp_processor_id() in preemptible code",
)
