"""A link delays packets."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import PAIR, UNPAIR, interface_name

FAULT = Fault(
    name="packet-delay",
    title="a link delays packets",
    doc=(
        "An interface holds what it sends back for a while (the queueing discipline netem). Every request over "
        "it takes longer by that, and a connection carries at most one window in that time; nothing is lost "
        "and nothing is printed. The interface is a virtual one whose other end lies in a network namespace "
        "of the same machine."
    ),
    group="network",
    parameters=(
        Parameter("delay_ms", 100, "ms", "how long each packet is held back", least=20, most=2000),
        Parameter("jitter_ms", 0, "ms", "how much that varies to both sides", least=0, most=1000),
        interface_name("app0"),
    ),
    refuse=lambda values: (
        "jitter_ms must not be above half of delay_ms"
        if 2 * int(values["jitter_ms"]) > int(values["delay_ms"])
        else None
    ),
    needs=Needs(modules=("veth", "sch_netem"), programs=("tc",)),
    inject=PAIR
    + """
        pair $interface 10.20.0.1 10.20.0.2
        /sbin/tc qdisc add dev $interface root netem delay ${delay_ms}ms ${jitter_ms}ms
    """,
    undo=UNPAIR + "unpair $interface",
    symptom=Symptom(
        doc="The round trip of a ping over the interface takes at least so long, less the jitter.",
        command="""
        # round-trip min/avg/max = 100.1/100.2/100.3 ms
        trip=$(ping -q -c 3 -W 5 10.20.0.2 | sed -n 's/.*= [0-9.]*\\/\\([0-9]*\\)\\..*/\\1/p')
        echo "a ping over $interface takes ${trip:-no} ms"
        [ ${trip:-0} -ge $((delay_ms - jitter_ms - 1)) ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="packet-delay",
        entity_kind="interface",
        entity="$interface",
        mechanism=(
            "netem_enqueue() in net/sched/sch_netem.c sets each packet's time to send, and netem_dequeue() keeps "
            "it until then."
        ),
    ),
)
