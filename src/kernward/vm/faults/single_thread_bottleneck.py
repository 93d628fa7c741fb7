"""One thread of a service is as busy as it can be, and the others wait for it."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="single-thread-bottleneck",
    title="one thread of a service is the bottleneck",
    doc=(
        "One thread of a service does the work that all others wait for. It keeps one processor busy without "
        "a pause while the others are idle: the host looks half used, and more processors do not help."
    ),
    group="cpu",
    parameters=(
        Parameter("workers", 7, "", "how many threads wait", least=1, most=64),
        service_name("event-loop"),
    ),
    needs=Needs(misbehave=True, smp=2),
    inject=SERVE + "serve $service '' bottleneck $workers",
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc=(
            "Within 2 s the first thread runs for 80 % of the time, all others for less than a tenth of that, and "
            "the host is idle for at least a quarter of the time of its processors."
        ),
        command="""
        pid=$(cat /run/$service.pid)
        # ms on a CPU of the first thread and of the others
        used() { grep . /proc/$pid/task/*/schedstat | awk -v pid=$pid '
            { split($1, part, "[/:]") } part[5] == pid { first = part[7]; next } { rest += part[7] }
            END { printf "%d %d\\n", first / 1000000, rest / 1000000 }'; }
        idle() { awk '$1 == "cpu" { print $5 }' /proc/stat; }
        set -- $(used) $(idle)
        sleep 2
        set -- "$@" $(used) $(idle)
        first=$(($4 - $1)) rest=$(($5 - $2)) idle=$(($6 - $3)) cpus=$(nproc)
        echo "within 2 s the first thread ran for $first ms, the others for $rest ms; $cpus CPUs idled for ${idle}0 ms"
        [ $first -ge 1600 ] && [ $((rest * 10)) -lt $first ] && [ $idle -ge $((50 * cpus)) ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="single-thread-bottleneck",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "The workers sleep in pipe_read() in fs/pipe.c; the one thread is always runnable, and the load "
            "balancer (sched_balance_rq() in kernel/sched/fair.c, load_balance() before 6.10) has nothing to "
            "move, since a thread runs on one CPU at a time."
        ),
    ),
)
