"""One cgroup takes the processors away from another."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import (
    COUNT,
    FIND_CGROUP,
    MAKE_CGROUP,
    PRESSURE,
    SERVE,
    STOP,
    cgroup_path,
    service_name,
)

FAULT = Fault(
    name="noisy-neighbour",
    title="a cgroup starves its neighbour of processor time",
    doc=(
        "Two services compute on the same processors, each in a cgroup of its own. The neighbour has more "
        "threads and the greater cpu.weight, so the victim, which is itself as it always was, gets only what "
        "is left. Neither has a quota."
    ),
    group="cpu",
    parameters=(
        Parameter("threads", 6, "", "how many threads the neighbour computes with", least=2, most=64),
        Parameter("weight", 1000, "", "cpu.weight of the neighbour", least=100, most=10000),
        Parameter("victim_weight", 100, "", "cpu.weight of the victim", least=1, most=100),
        service_name("spark-executor", doc="name of the neighbour's process"),
        cgroup_path("/batch.slice/spark.service", doc="path of the neighbour's cgroup"),
        service_name("payment-api", "victim", "name of the victim's process"),
        cgroup_path("/system.slice/payment.service", "victim_cgroup", "path of the victim's cgroup"),
    ),
    refuse=lambda values: (
        "weight must be at least three times victim_weight"
        if int(values["weight"]) < 3 * int(values["victim_weight"])
        else None
    ),
    needs=Needs(misbehave=True),
    inject=MAKE_CGROUP
    + SERVE
    + """
        # Weights count between siblings, and what a cgroup inherits is 100: each level gets the weight.
        weigh() {
            make_cgroup cpu $1
            until [ $folder = /sys/fs/cgroup ]; do echo $2 >$folder/cpu.weight || exit 1; folder=${folder%/*}; done
            folder=/sys/fs/cgroup$1
        }
        weigh $victim_cgroup $victim_weight
        serve $victim $folder spin 1
        weigh $cgroup $weight
        serve $service $folder spin $threads
    """,
    undo=FIND_CGROUP
    + STOP
    + """
        stop $service
        stop $victim
        rmdir /sys/fs/cgroup$cgroup /sys/fs/cgroup$victim_cgroup
    """,
    symptom=Symptom(
        doc="Within 2 s the victim waits for half of the time, and the neighbour uses twice as much as it.",
        command=COUNT
        + PRESSURE
        + """
        us=/sys/fs/cgroup$victim_cgroup them=/sys/fs/cgroup$cgroup
        stall=$(pressure $us/cpu.pressure some) ours=$(count $us/cpu.stat usage_usec)
        theirs=$(count $them/cpu.stat usage_usec)
        sleep 2
        stall=$(($(pressure $us/cpu.pressure some) - stall)) ours=$(($(count $us/cpu.stat usage_usec) - ours))
        theirs=$(($(count $them/cpu.stat usage_usec) - theirs))
        echo "the victim ran for $ours us and waited for $stall us of 2 s, the neighbour ran for $theirs us"
        [ $stall -ge 1000000 ] && [ $theirs -ge $((2 * ours)) ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="cpu-noisy-neighbour",
        entity_kind="cgroup",
        entity="$cgroup",
        mechanism=(
            "update_cfs_group() in kernel/sched/fair.c weighs the cgroups' entities by cpu.weight, and "
            "pick_next_entity() serves the neighbour first for as long as that says so."
        ),
    ),
)
