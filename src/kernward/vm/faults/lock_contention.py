"""Threads of a process queue for one lock."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="lock-contention",
    title="the threads of a service wait for one lock",
    doc=(
        "All threads of a service need one lock and compute for a while under it, so only one of them gets on "
        "at a time. The others sleep in the kernel until it is free: the service has many threads and the "
        "throughput of one, and processors stand idle."
    ),
    group="cpu",
    parameters=(
        Parameter("threads", 8, "", "how many threads want the lock", least=3, most=64),
        Parameter("hold_us", 500, "us", "how long each keeps it", least=50, most=100000),
        service_name("inventory"),
    ),
    needs=Needs(misbehave=True, smp=2),
    inject=SERVE + "serve $service '' futex $threads $hold_us",
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="All threads but two wait for a futex, and the threads went to sleep at least ten times in a second.",
        command="""
        tasks=/proc/$(cat /run/$service.pid)/task
        slept() { cat $tasks/*/status | awk '/^voluntary_ctxt_switches/ { sum += $2 } END { print sum + 0 }'; }
        before=$(slept)
        sleep 1
        sleeps=$(($(slept) - before)) waiting=$(grep -l futex $tasks/*/wchan | wc -l)
        echo "$waiting of $threads threads wait for a futex; they went to sleep $sleeps times within 1 s"
        [ $waiting -ge $((threads - 2)) ] && [ $sleeps -ge 10 ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="user-lock-contention",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "futex_wait() in kernel/futex/waitwake.c queues each thread that finds the lock taken and lets it "
            "sleep in futex_wait_queue() until futex_wake() is called by the one that unlocks."
        ),
    ),
)
