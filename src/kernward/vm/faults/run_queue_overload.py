"""More threads want to run than there are processors."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import PRESSURE, SERVE, STOP, service_name

FAULT = Fault(
    name="run-queue-overload",
    title="the run queues are full",
    doc=(
        "A service computes with many more threads than there are processors. Each of them, and everything "
        "else on the host, waits for its turn; the load average climbs towards the number of threads."
    ),
    group="cpu",
    parameters=(
        Parameter("threads", 12, "", "how many threads compute", least=4, most=256),
        service_name("batch-encode"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE + "serve $service '' spin $threads",
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="At least so many tasks are runnable, and tasks wait for a CPU during half of a second (PSI).",
        command=PRESSURE
        + """
        before=$(pressure /proc/pressure/cpu some)
        sleep 1
        stall=$(($(pressure /proc/pressure/cpu some) - before))
        running=$(awk '$1 == "procs_running" { print $2 }' /proc/stat)
        echo "$running tasks are runnable; some task waited during $stall us of the last second"
        [ $running -ge $threads ] && [ $stall -ge 500000 ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="cpu-run-queue-overload",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "enqueue_task_fair() in kernel/sched/fair.c puts every thread on a run queue, and pick_next_entity() "
            "gives each of them only its share; schedstat's run_delay counts the rest as waiting."
        ),
    ),
)
