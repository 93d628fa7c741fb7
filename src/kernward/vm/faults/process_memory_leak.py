"""A process allocates and never frees."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import COUNT, SERVE, STOP, service_name

FAULT = Fault(
    name="process-memory-leak",
    title="a process leaks memory",
    doc=(
        "A service touches more memory every second and gives none back, as a program does that keeps a "
        "reference to each request. It stops at a limit, so that the leak can be watched; with a limit of 0 "
        "it goes on until the host runs out of memory."
    ),
    group="memory",
    parameters=(
        Parameter("rate_mb_s", 4, "MiB/s", "how fast it grows", least=1, most=64),
        Parameter("limit_mb", 128, "MiB", "where it stops; 0: nowhere", least=0, most=65536),
        service_name("order-cache"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE + "serve $service '' leak $rate_mb_s $limit_mb",
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="The process's resident set grows by at least half of the rate between two looks.",
        command=COUNT
        + """
        status=/proc/$(cat /run/$service.pid)/status
        before=$(count $status VmRSS:)
        sleep 1
        grown=$(($(count $status VmRSS:) - before))
        echo "VmRSS grew by $grown kB within 1 s"
        [ $grown -ge $((rate_mb_s * 512)) ]
        """,
        within_s=30,
    ),
    truth=Truth(
        cause="process-memory-leak",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "Each first touch of a page has do_anonymous_page() in mm/memory.c allocate and charge it; nothing "
            "unmaps it again, so the resident set only grows."
        ),
    ),
)
