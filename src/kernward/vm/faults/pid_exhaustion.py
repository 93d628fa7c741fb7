"""The host has no process id left."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="pid-exhaustion",
    title="the host runs out of process ids",
    doc=(
        "A service forks until the kernel has no process id left (kernel.pid_max), and then gives a few back, so "
        "that somebody can still look. Whoever forks too many at once gets EAGAIN; the kernel prints nothing."
    ),
    group="limits",
    parameters=(
        # The kernel takes no value below 301 (kernel/pid.c: pid_max_min).
        Parameter("pid_max", 400, "", "kernel.pid_max", least=350, most=1500),
        Parameter("spare", 24, "", "how many ids are given back", least=16, most=200),
        service_name("supervisor"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE
    + """
        cat /proc/sys/kernel/pid_max >/run/pid-exhaustion.before
        echo $pid_max >/proc/sys/kernel/pid_max || exit 1
        serve $service "" processes $spare
        # Until it is done there is no id for another command, so this waits without one.
        try=0
        until [ -s /run/$service.said ] || [ $try -gt 1000000 ]; do try=$((try + 1)); done
    """,
    undo=STOP + "stop $service; cat /run/pid-exhaustion.before >/proc/sys/kernel/pid_max",
    symptom=Symptom(
        doc="The service was refused a fork, and at least pid_max minus 300 processes and threads exist.",
        command="""
        read load1 load5 load15 tasks last </proc/loadavg
        read said </run/$service.said || exit 1
        echo "${tasks#*/} tasks exist, pid_max is $pid_max; $said"
        [ ${tasks#*/} -ge $((pid_max - 300 > 150 ? pid_max - 300 : 150)) ]
        """,
        within_s=60,
    ),
    truth=Truth(
        cause="pid-limit",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "alloc_pid() in kernel/pid.c finds no free number below pid_max in idr_alloc_cyclic(), and "
            "copy_process() in kernel/fork.c gives EAGAIN."
        ),
    ),
)
