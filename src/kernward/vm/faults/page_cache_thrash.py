"""A data set that is bigger than the page cache is read again and again."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import COUNT, DISK, SERVE, STOP, service_name

FAULT = Fault(
    name="page-cache-thrash",
    title="the page cache is read through and never hit",
    doc=(
        "A service reads a data set from one end to the other, over and over, and the data set is bigger "
        "than memory. Each page is thrown out before it is read again, so all that is read comes from the disk."
    ),
    group="memory",
    parameters=(
        Parameter(
            "size_percent", 160, "%", "size of the data set, of the host's memory", least=130, most=400
        ),
        service_name("reporter"),
    ),
    needs=Needs(misbehave=True, disks=(DiskNeed("warehouse", "blank", 8192),)),
    inject=SERVE
    + DISK
    + """
        total=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
        [ $((total * size_percent / 100)) -le 8192 ] || { echo "the disk holds 8192 MiB only" >&2; exit 1; }
        serve $service "" reread $(disk warehouse) $((total * size_percent / 100))
    """,
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="Within 2 s at least 500 pages are read again that had been thrown out not long before.",
        command=COUNT
        + """
        before=$(count /proc/vmstat workingset_refault_file)
        sleep 2
        refaults=$(($(count /proc/vmstat workingset_refault_file) - before))
        echo "$refaults pages of files came back within 2 s"
        [ $refaults -ge 500 ]
        """,
        within_s=90,
    ),
    truth=Truth(
        cause="page-cache-thrashing",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "shrink_folio_list() in mm/vmscan.c evicts the pages and leaves a shadow entry; "
            "workingset_refault() in mm/workingset.c finds it when filemap_read() in mm/filemap.c asks for "
            "the page again."
        ),
    ),
)
