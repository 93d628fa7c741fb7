"""A container grows beyond its cgroup's memory limit."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import FIND_CGROUP, MAKE_CGROUP, SERVE, STOP, cgroup_path, service_name

FAULT = Fault(
    name="cgroup-oom",
    title="a container is killed at its cgroup's memory limit",
    doc=(
        "A service in a cgroup of its own, named as the kubelet names a pod's container, touches more "
        "memory than its limit (memory.max; memory.limit_in_bytes in cgroup v1). Reclaim finds nothing to "
        "give back (anonymous memory, no swap), so the kernel kills the service, while the host as a whole "
        "has memory left."
    ),
    group="memory",
    parameters=(
        Parameter("limit_mb", 48, "MiB", "the cgroup's memory limit", least=4, most=160),
        service_name("sessiond"),
        cgroup_path(),
    ),
    needs=Needs(misbehave=True),
    inject=MAKE_CGROUP
    + SERVE
    + """
        make_cgroup memory $cgroup
        limit=$folder/memory.max
        [ -e $limit ] || limit=$folder/memory.limit_in_bytes
        echo $((limit_mb << 20)) >$limit || exit 1
        serve $service $folder eat $((limit_mb * 2))
    """,
    undo=FIND_CGROUP + STOP + "stop $service; find_cgroup memory $cgroup; rmdir $folder",
    symptom=Symptom(
        doc="The kernel prints whom it killed, and the cgroup counts a kill.",
        console=r"Memory cgroup out of memory: Killed process \d+ \($service\)",
        command=FIND_CGROUP
        + """
        find_cgroup memory $cgroup
        cat $folder/memory.events $folder/memory.oom_control 2>/dev/null | grep -x 'oom_kill [1-9][0-9]*'
        """,
        within_s=30,
    ),
    truth=Truth(
        kinds=("oom-kill-cgroup",),
        cause="cgroup-memory-limit",
        entity_kind="cgroup",
        entity="$cgroup",
        mechanism=(
            "try_charge_memcg() in mm/memcontrol.c cannot stay below the cgroup's limit, and "
            "mem_cgroup_out_of_memory() has oom_kill_process() in mm/oom_kill.c end a member of the cgroup."
        ),
    ),
)
