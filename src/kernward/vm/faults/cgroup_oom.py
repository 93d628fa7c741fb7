"""A service grows beyond its cgroup's memory.max."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="cgroup-oom",
    title="a service is killed at its cgroup's memory limit",
    doc=(
        "A service in a cgroup of its own touches more memory than memory.max allows. Reclaim finds "
        "nothing to give back (anonymous memory, no swap), so the kernel kills the service, while the "
        "host as a whole has memory left."
    ),
    group="memory",
    parameters=(
        Parameter("limit_mb", 48, "MiB", "memory.max of the cgroup", least=4, most=160),
        Parameter("service", "sessiond", "", "name of the process", regex=r"[a-z][a-z0-9-]{0,14}"),
        Parameter(
            "slice", "batch.slice", "", "name of the cgroup below the root", regex=r"[a-z][a-z0-9.-]{0,40}"
        ),
    ),
    needs=Needs(misbehave=True),
    inject="""
        group=/sys/fs/cgroup/$slice
        mkdir -p $group
        echo +memory >/sys/fs/cgroup/cgroup.subtree_control
        echo $((limit_mb << 20)) >$group/memory.max
        ln -sf /usr/bin/misbehave /tmp/$service
        (echo 0 >$group/cgroup.procs; exec /tmp/$service eat $((limit_mb * 2)) >/dev/null 2>&1) &
    """,
    undo="rmdir /sys/fs/cgroup/$slice",
    symptom=Symptom(
        doc="memory.events of the cgroup counts a kill, and the kernel prints whom it killed.",
        console=r"Memory cgroup out of memory: Killed process \d+ \($service\)",
        command="grep -x 'oom_kill [1-9][0-9]*' /sys/fs/cgroup/$slice/memory.events",
        within_s=20,
    ),
    truth=Truth(
        kinds=("oom-kill-cgroup",),
        cause="cgroup-memory-limit",
        entity_kind="cgroup",
        entity="/$slice",
        mechanism=(
            "try_charge_memcg() in mm/memcontrol.c cannot stay below memory.max, and "
            "mem_cgroup_out_of_memory() has oom_kill_process() in mm/oom_kill.c end a member of the cgroup."
        ),
    ),
)
