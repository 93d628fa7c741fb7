"""TCP's buffers hold more than tcp_mem allows."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="tcp-memory-pressure",
    title="TCP's buffers are beyond their limit",
    doc=(
        "A service keeps data in the buffers of its connections that nobody reads, more than net.ipv4.tcp_mem "
        "allows all of TCP. The kernel shrinks windows and drops what comes; a connection whose owner dies "
        "with unsent data is cut off, and the kernel says that TCP is out of memory."
    ),
    group="network",
    parameters=(
        Parameter("connections", 4, "", "how many connections hold data", least=2, most=64),
        Parameter("each_mb", 2, "MiB", "what each of them holds", least=1, most=16),
        service_name("ingest"),
    ),
    refuse=lambda values: (
        "connections times each_mb must not be above 64 MiB"
        if int(values["connections"]) * int(values["each_mb"]) > 64
        else None
    ),
    needs=Needs(misbehave=True),
    inject=SERVE
    + """
        cat /proc/sys/net/ipv4/tcp_mem >/run/tcp-memory-pressure.before
        serve $service "" unread $connections $each_mb
        serve $service-2 "" unread 1 1
        used() { sed -n 's/^TCP:.* mem //p' /proc/net/sockstat; }
        # 256 pages a MiB; some of it lies in windows that were never opened
        for try in $(seq 100); do [ $(used) -ge $((connections * each_mb * 100)) ] && break; usleep 100000; done
        sleep 1
        used=$(used)
        echo $((used / 8)) $((used / 6)) $((used / 4)) >/proc/sys/net/ipv4/tcp_mem
        kill -9 $(cat /run/$service-2.pid)
    """,
    undo=STOP + "stop $service; cat /run/tcp-memory-pressure.before >/proc/sys/net/ipv4/tcp_mem",
    symptom=Symptom(
        doc="The kernel prints that TCP is out of memory, and its buffers hold more pages than tcp_mem's last value.",
        console=r"TCP: out of memory -- consider tuning tcp_mem",
        command="""
        used=$(sed -n 's/^TCP:.* mem //p' /proc/net/sockstat)
        most=$(awk '{ print $3 }' /proc/sys/net/ipv4/tcp_mem)
        echo "TCP holds $used pages, tcp_mem allows $most"
        [ $used -gt $most ]
        """,
        within_s=40,
    ),
    truth=Truth(
        kinds=("tcp-out-of-memory",),
        cause="tcp-memory-pressure",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "__sk_mem_raise_allocated() in net/core/sock.c finds tcp_mem exceeded and tcp_enter_memory_pressure() "
            "is called; tcp_check_oom() in net/ipv4/tcp.c refuses to keep the orphan."
        ),
    ),
)
