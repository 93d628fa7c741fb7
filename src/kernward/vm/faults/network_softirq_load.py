"""The network stack takes the processor's time."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="network-softirq-load",
    title="a flood of packets keeps the network stack busy",
    doc=(
        "A service sends small UDP packets through the loopback interface to a port that nobody listens on. "
        "Each is received in a softirq, whose time is nobody's: it is taken from whatever runs on that CPU."
    ),
    group="cpu",
    parameters=(
        Parameter(
            "packets_per_s", 0, "1/s", "how many it sends; 0: as many as it can", least=0, most=10_000_000
        ),
        Parameter("size_bytes", 64, "bytes", "payload of a packet", least=1, most=60000),
        service_name("statsd-client"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE + "serve $service '' flood 127.0.0.1 9125 $size_bytes $packets_per_s",
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="Within a second at least 500 NET_RX softirqs run (or half of the rate asked for).",
        command="""
        softirqs() { awk '$1 == "NET_RX:" { for (i = 2; i <= NF; i++) sum += $i } END { printf "%d\\n", sum }' \\
            /proc/softirqs; }
        before=$(softirqs)
        sleep 1
        more=$(($(softirqs) - before)) wanted=500
        [ $packets_per_s -gt 0 ] && [ $packets_per_s -lt 1000 ] && wanted=$((packets_per_s / 2))
        echo "$more NET_RX softirqs within 1 s"
        [ $more -ge $wanted ]
        """,
        within_s=30,
    ),
    truth=Truth(
        cause="network-softirq-load",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "loopback_xmit() in drivers/net/loopback.c queues each packet, and net_rx_action() in net/core/dev.c "
            "takes it through process_backlog() to udp_rcv() in net/ipv4/udp.c in softirq context."
        ),
    ),
)
