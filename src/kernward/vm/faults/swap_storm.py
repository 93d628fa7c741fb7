"""A working set that is bigger than memory goes in and out of swap."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import COUNT, DISK, SERVE, STOP, service_name

FAULT = Fault(
    name="swap-storm",
    title="the host swaps in and out without a pause",
    doc=(
        "A service writes to the pages of a working set in random order, and the working set is bigger than "
        "the memory that is free. Every page that comes in pushes another one out to a disk."
    ),
    group="memory",
    parameters=(
        Parameter(
            "working_set_percent",
            130,
            "%",
            "size of the working set, of the memory that is available before",
            least=110,
            most=150,
        ),
        service_name("analytics"),
    ),
    needs=Needs(misbehave=True, disks=(DiskNeed("swap", "blank", 4096),)),
    inject=SERVE
    + DISK
    + """
        available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
        device=$(disk swap)
        mkswap $device >/dev/null && swapon $device || exit 1
        serve $service "" churn $((available * working_set_percent / 100))
    """,
    undo=STOP + DISK + "stop $service; swapoff $(disk swap)",
    symptom=Symptom(
        doc="Within 2 s at least 200 pages go out to swap and 200 come in.",
        command=COUNT
        + """
        in=$(count /proc/vmstat pswpin) out=$(count /proc/vmstat pswpout)
        sleep 2
        in=$(($(count /proc/vmstat pswpin) - in)) out=$(($(count /proc/vmstat pswpout) - out))
        echo "$in pages came in from swap and $out went out within 2 s"
        [ $in -ge 200 ] && [ $out -ge 200 ]
        """,
        within_s=120,
    ),
    truth=Truth(
        cause="swap-thrashing",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "shrink_folio_list() in mm/vmscan.c writes anonymous pages out through swap_writepage() in "
            "mm/page_io.c, and do_swap_page() in mm/memory.c reads back those that are touched next."
        ),
    ),
)
