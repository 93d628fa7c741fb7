"""A listening port is flooded with connection requests."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import NETSTAT, SERVE, STOP, interface_name, service_name

FAULT = Fault(
    name="syn-flood",
    title="a port is flooded with connection requests",
    doc=(
        "Connection requests from invented addresses (198.51.100.0/24) come to a port faster than they can be "
        "answered; none of the connections is ever completed. The kernel answers with SYN cookies once the "
        "queue is full. The requests are made on the machine itself; syn-flood-peer has another one send them."
    ),
    group="network",
    parameters=(
        Parameter("per_s", 200, "1/s", "how many requests come a second", least=20, most=100_000),
        Parameter("queue", 8, "", "how many connections may wait (listen())", least=1, most=1024),
        Parameter("port", 443, "", "the port", least=1, most=65535),
        interface_name("web0"),
        service_name("nginx"),
    ),
    needs=Needs(misbehave=True, modules=("dummy",), config={"CONFIG_SYN_COOKIES": "y"}),
    inject=SERVE
    + NETSTAT
    + """
        ip link add $interface type dummy || exit 1
        ip address add 10.40.0.4/24 dev $interface
        ip link set dev $interface up
        # the answers go nowhere, but they need a route
        ip route add 198.51.100.0/24 dev $interface
        netstat TcpExt SyncookiesSent >/run/syn-flood.before
        serve $service "" listen $port $queue
        sleep 0.5
        serve probe "" syn 10.40.0.4 $port 0 $per_s
    """,
    undo=STOP + "stop probe; stop $service; ip link del $interface",
    symptom=Symptom(
        doc="The kernel prints that a flood is possible, and counts the cookies that it sent.",
        console=r"Possible SYN flooding on port ([0-9.\[\]:]*:)?$port\. Sending cookies",
        command=NETSTAT
        + """
        sent=$(($(netstat TcpExt SyncookiesSent) - $(cat /run/syn-flood.before)))
        echo "$sent SYN cookies were sent"
        [ $sent -gt 0 ]
        """,
        within_s=40,
    ),
    truth=Truth(
        kinds=("tcp-syn-flood",),
        cause="tcp-syn-flood",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "tcp_conn_request() in net/ipv4/tcp_input.c finds the request queue full, and tcp_syn_flood_action() "
            "reports it and has cookies sent instead of keeping requests."
        ),
    ),
)
