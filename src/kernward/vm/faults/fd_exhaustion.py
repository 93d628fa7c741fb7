"""A process has as many open files as it may."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="fd-exhaustion",
    title="a service has no file descriptor left",
    doc=(
        "A service opens files and never closes them, until it has as many as its limit (RLIMIT_NOFILE) allows. "
        "From then on open(), accept() and socket() fail with EMFILE; the kernel prints nothing."
    ),
    group="limits",
    parameters=(
        Parameter("limit", 256, "", "the limit", least=16, most=65536),
        service_name("gateway"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE + "serve $service '' descriptors $limit",
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="The service has as many descriptors as its limit says.",
        command="""
        pid=$(cat /run/$service.pid)
        open=$(ls /proc/$pid/fd | wc -l)
        most=$(awk '/^Max open files/ { print $4 }' /proc/$pid/limits)
        echo "$service has $open files open, its limit is $most"
        [ $most -eq $limit ] && [ $open -ge $most ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="process-fd-limit",
        entity_kind="process",
        entity="$service",
        mechanism="alloc_fd() in fs/file.c finds no number below the limit and gives EMFILE.",
    ),
)
