"""Threads hand each other the processor at a high rate."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import COUNT, SERVE, STOP, service_name

FAULT = Fault(
    name="context-switch-load",
    title="a service switches between threads without a pause",
    doc=(
        "Pairs of threads pass a byte to and fro through pipes. Each does next to nothing before it sleeps "
        "again, so the processor's time goes into switching between them."
    ),
    group="cpu",
    parameters=(
        Parameter("pairs", 4, "", "how many pairs of threads", least=1, most=128),
        service_name("message-bus"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE + "serve $service '' switch $pairs",
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="/proc/stat counts at least 2000 context switches within a second.",
        command=COUNT
        + """
        before=$(count /proc/stat ctxt)
        sleep 1
        switches=$(($(count /proc/stat ctxt) - before))
        echo "$switches context switches within 1 s"
        [ $switches -ge 2000 ]
        """,
        within_s=30,
    ),
    truth=Truth(
        cause="context-switch-load",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "pipe_write() in fs/pipe.c wakes the reader and pipe_read() sleeps when the pipe is empty, so each "
            "byte costs a pass through __schedule() in kernel/sched/core.c."
        ),
    ),
)
