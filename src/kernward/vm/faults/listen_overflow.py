"""A server does not accept its connections."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import NETSTAT, SERVE, STOP, service_name

FAULT = Fault(
    name="listen-overflow",
    title="a server's queue of connections is full",
    doc=(
        "A service listens on a port and does not accept, as one does whose threads all hang. Once its queue is "
        "full, the kernel drops requests: clients see connections that take seconds or time out. Nothing is "
        "printed."
    ),
    group="network",
    parameters=(
        Parameter("queue", 8, "", "how many connections may wait (listen())", least=1, most=1024),
        Parameter("clients", 64, "", "how many connections are asked for", least=8, most=4096),
        Parameter("port", 8080, "", "the port", least=1, most=65535),
        service_name("app-server"),
    ),
    refuse=lambda values: (
        "clients must be at least twice the queue, and eight more"
        if int(values["clients"]) < 2 * int(values["queue"]) + 8
        else None
    ),
    needs=Needs(misbehave=True),
    inject=SERVE
    + NETSTAT
    + """
        netstat TcpExt ListenOverflows >/run/listen-overflow.before
        serve $service "" listen $port $queue
        sleep 0.5
        serve clients "" hold 127.0.0.1 $port $clients
    """,
    undo=STOP + "stop clients; stop $service",
    symptom=Symptom(
        doc="TcpExt ListenOverflows grows.",
        command=NETSTAT
        + """
        before=$(cat /run/listen-overflow.before)
        [ -n "$before" ] || exit 1
        more=$(($(netstat TcpExt ListenOverflows) - before))
        echo "connections were dropped for a full queue $more times"
        [ $more -gt 0 ]
        """,
        within_s=30,
    ),
    truth=Truth(
        cause="listen-queue-overflow",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "tcp_conn_request() in net/ipv4/tcp_input.c and tcp_v4_syn_recv_sock() in net/ipv4/tcp_ipv4.c find "
            "sk_acceptq_is_full() and count LINUX_MIB_LISTENOVERFLOWS."
        ),
    ),
)
