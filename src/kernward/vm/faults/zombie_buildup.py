"""A process does not wait for its children."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="zombie-buildup",
    title="dead children of a service are never collected",
    doc=(
        "A service starts children and does not wait for them when they end. Each stays as a zombie: no memory "
        "to speak of, but a process id and an entry in the process table, until its parent waits or dies."
    ),
    group="limits",
    parameters=(
        Parameter("zombies", 100, "", "how many there are", least=1, most=1000),
        service_name("job-runner"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE + "serve $service '' zombies $zombies",
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="So many children of the service are zombies.",
        command="""
        found=$(cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' |
            awk -v parent=$(cat /run/$service.pid) '$1 == "Z" && $2 == parent { n++ } END { print n + 0 }')
        echo "$found zombies are children of $service"
        [ $found -ge $zombies ]
        """,
        within_s=60,
    ),
    truth=Truth(
        cause="zombie-buildup",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "exit_notify() in kernel/exit.c leaves the child in EXIT_ZOMBIE, since its parent neither ignores "
            "SIGCHLD nor calls wait(); release_task() is never reached."
        ),
    ),
)
