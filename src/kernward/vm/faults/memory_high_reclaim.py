"""A container works on more data than its memory.high lets it keep."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import (
    COUNT,
    DISK,
    FIND_CGROUP,
    MAKE_CGROUP,
    PRESSURE,
    SERVE,
    STOP,
    cgroup_path,
    service_name,
)

FAULT = Fault(
    name="memory-high-reclaim",
    title="a container spends its time in reclaim at memory.high",
    doc=(
        "A service in a cgroup with memory.high uses more than that. With `file` it reads a data set again "
        "and again whose pages the kernel throws out just before they are needed; with `anonymous` it "
        "allocates memory that cannot be given back without swap, and is put to sleep at each step. Nothing "
        "is killed and nothing is printed; the service is only slow."
    ),
    group="memory",
    parameters=(
        Parameter("high_mb", 24, "MiB", "memory.high of the cgroup", least=8, most=128),
        Parameter("excess_percent", 200, "%", "size of the data set, of memory.high", least=130, most=400),
        Parameter("pages", "file", "", "which pages it uses", choices=("file", "anonymous")),
        service_name("search-index"),
        cgroup_path(),
    ),
    needs=Needs(misbehave=True, disks=(DiskNeed("index", "blank", 512),)),
    inject=MAKE_CGROUP
    + SERVE
    + DISK
    + """
        make_cgroup memory $cgroup
        echo $((high_mb << 20)) >$folder/memory.high || exit 1
        if [ $pages = file ]; then
            serve $service $folder reread $(disk index) $((high_mb * excess_percent / 100))
        else
            serve $service $folder churn $((high_mb * excess_percent / 100))
        fi
    """,
    undo=FIND_CGROUP + STOP + "stop $service; find_cgroup memory $cgroup; rmdir $folder",
    symptom=Symptom(
        doc="Within 2 s memory.events counts further breaches of memory.high, and memory.pressure grows.",
        command=FIND_CGROUP
        + COUNT
        + PRESSURE
        + """
        find_cgroup memory $cgroup
        before=$(count $folder/memory.events high) stall=$(pressure $folder/memory.pressure some)
        sleep 2
        breaches=$(($(count $folder/memory.events high) - before))
        stall=$(($(pressure $folder/memory.pressure some) - stall))
        echo "memory.high was breached $breaches times and tasks stalled for $stall us within 2 s"
        [ $breaches -gt 0 ] && [ $stall -gt 10000 ]
        """,
        within_s=60,
    ),
    truth=Truth(
        cause="cgroup-memory-reclaim",
        entity_kind="cgroup",
        entity="$cgroup",
        mechanism=(
            "try_charge_memcg() in mm/memcontrol.c finds the cgroup above memory.high; "
            "mem_cgroup_handle_over_high() reclaims on the way back to user space, through "
            "try_to_free_mem_cgroup_pages() in mm/vmscan.c, and sleeps as a penalty."
        ),
    ),
)
