"""A link loses packets."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import NETSTAT, PAIR, SERVE, STOP, UNPAIR, interface_name, service_name

FAULT = Fault(
    name="packet-loss",
    title="a link loses packets",
    doc=(
        "An interface drops a part of what it sends (the queueing discipline netem), while a service streams "
        "to another address over it. TCP sends again and slows down; nothing is printed. The interface is a "
        "virtual one whose other end lies in a network namespace of the same machine."
    ),
    group="network",
    parameters=(
        Parameter("loss_percent", 10.0, "%", "part of the packets that are lost", least=1, most=60),
        interface_name("app0"),
        service_name("replicator"),
    ),
    needs=Needs(misbehave=True, modules=("veth", "sch_netem"), programs=("tc",)),
    inject=SERVE
    + PAIR
    + NETSTAT
    + """
        pair $interface 10.20.0.1 10.20.0.2
        netstat Tcp RetransSegs >/run/packet-loss.before
        /sbin/tc qdisc add dev $interface root netem loss $loss_percent% || exit 1
        within=$there serve $service-in "" serve 5001
        within= serve $service "" stream 10.20.0.2 5001
    """,
    undo=STOP + UNPAIR + "stop $service; stop $service-in; unpair $interface",
    symptom=Symptom(
        doc="The discipline counts at least five drops, and TCP has sent at least five segments again.",
        command=NETSTAT
        + """
        before=$(cat /run/packet-loss.before)
        [ -n "$before" ] || exit 1
        dropped=$(/sbin/tc -s qdisc show dev $interface | sed -n 's/.*(dropped \\([0-9]*\\),.*/\\1/p')
        again=$(($(netstat Tcp RetransSegs) - before))
        echo "$interface dropped ${dropped:-0} packets, and TCP sent $again segments again"
        [ ${dropped:-0} -ge 5 ] && [ $again -ge 5 ]
        """,
        within_s=60,
    ),
    truth=Truth(
        cause="packet-loss",
        entity_kind="interface",
        entity="$interface",
        mechanism=(
            "netem_enqueue() in net/sched/sch_netem.c drops the packet; tcp_retransmit_skb() in "
            "net/ipv4/tcp_output.c sends the segment again after a time-out or three duplicate acknowledgements."
        ),
    ),
)
