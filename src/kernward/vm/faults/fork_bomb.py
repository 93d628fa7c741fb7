"""Processes that all fork."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import COUNT, FIND_CGROUP, MAKE_CGROUP, SERVE, STOP, cgroup_path, service_name

FAULT = Fault(
    name="fork-bomb",
    title="a container forks until its process limit",
    doc=(
        "Every process of a container forks, and so do its children, until pids.max of its cgroup refuses. From "
        "then on nothing in the container can start a process or a thread (EAGAIN); the rest of the host can."
    ),
    group="limits",
    parameters=(
        Parameter("pids_max", 60, "", "pids.max of the cgroup", least=4, most=1000),
        service_name("crond"),
        cgroup_path("/system.slice/crond.service"),
    ),
    needs=Needs(misbehave=True, config={"CONFIG_CGROUP_PIDS": "y"}),
    inject=MAKE_CGROUP
    + SERVE
    + """
        make_cgroup pids $cgroup
        echo $pids_max >$folder/pids.max || exit 1
        serve $service $folder fork $((pids_max * 2 + 16))
    """,
    undo=FIND_CGROUP
    + STOP
    + """
        find_cgroup pids $cgroup
        stop $service
        # children of children end one after the other
        for try in 1 2 3 4 5 6 7 8 9 10; do
            [ -n "$(cat $folder/cgroup.procs)" ] || break
            kill -9 $(cat $folder/cgroup.procs) 2>/dev/null
            sleep 0.3
        done
        rmdir $folder
    """,
    symptom=Symptom(
        doc="The kernel prints whose fork it refused, and pids.events counts it.",
        console=r"cgroup: fork rejected by pids controller in $cgroup",
        command=FIND_CGROUP
        + COUNT
        + """
        find_cgroup pids $cgroup
        refused=$(count $folder/pids.events max)
        echo "$(cat $folder/pids.current) processes run, $refused forks were refused"
        [ $refused -gt 0 ]
        """,
        within_s=40,
    ),
    truth=Truth(
        kinds=("pids-limit-reached",),
        cause="cgroup-pids-limit",
        entity_kind="cgroup",
        entity="$cgroup",
        mechanism=(
            "pids_can_fork() in kernel/cgroup/pids.c fails to charge the new process to the cgroup, and "
            "copy_process() in kernel/fork.c gives EAGAIN."
        ),
    ),
)
