"""Several busy threads are bound to one processor while another is idle."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="cpu-affinity-pileup",
    title="busy threads are bound to one processor",
    doc=(
        "A service computes with several threads whose affinity allows one processor only, as a wrong "
        "taskset or cpuset does. They wait for each other there, and the other processors are idle."
    ),
    group="cpu",
    parameters=(
        Parameter("threads", 6, "", "how many threads compute", least=3, most=64),
        Parameter("cpu", 0, "", "the processor they are bound to", least=0, most=1),
        service_name("packet-proc"),
    ),
    needs=Needs(misbehave=True, smp=2),
    inject=SERVE + "serve $service '' spin $threads $cpu",
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc=(
            "Within 2 s that processor is idle for less than a tenth of the time and another one for more than "
            "half of it, and the threads wait longer than they run."
        ),
        command="""
        tasks=/proc/$(cat /run/$service.pid)/task
        idle() { awk -v cpu=cpu$cpu '$1 == cpu { here = $5 } $1 != cpu && $1 ~ /^cpu[0-9]/ && $5 > most { most = $5 }
            END { print here, most + 0 }' /proc/stat; }
        waits() { cat $tasks/*/schedstat | awk '{ ran += $1; waited += $2 }
            END { printf "%d %d\\n", ran / 1000000, waited / 1000000 }'; }
        set -- $(idle) $(waits)
        sleep 2
        set -- "$@" $(idle) $(waits)
        here=$(($5 - $1)) other=$(($6 - $2)) ran=$(($7 - $3)) waited=$(($8 - $4))
        echo "within 2 s CPU $cpu idled for $here and another for $other hundredths;" \\
            "the threads ran for $ran ms and waited for $waited ms"
        [ $here -lt 20 ] && [ $other -gt 100 ] && [ $waited -gt $ran ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="cpu-affinity-pileup",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "can_migrate_task() in kernel/sched/fair.c refuses to move a thread to a CPU outside its cpus_ptr, "
            "which sched_setaffinity() in kernel/sched/syscalls.c (kernel/sched/core.c before 6.11) has set."
        ),
    ),
)
