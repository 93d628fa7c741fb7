"""There is no local port left for a new connection."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="ephemeral-ports-exhausted",
    title="no local port is left for connections to a server",
    doc=(
        "A service keeps as many connections to one server open as there are ephemeral ports "
        "(ip_local_port_range). Each further connection to that server fails with EADDRNOTAVAIL, those to other "
        "servers do not. The kernel prints nothing."
    ),
    group="network",
    parameters=(
        Parameter("ports", 64, "", "how many ephemeral ports there are", least=8, most=1000),
        Parameter("port", 8443, "", "the server's port", least=1, most=29999),
        service_name("proxy"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE
    + """
        cat /proc/sys/net/ipv4/ip_local_port_range >/run/ephemeral-ports.before
        echo 30000 $((30000 + ports - 1)) >/proc/sys/net/ipv4/ip_local_port_range
        serve upstream "" serve $port
        sleep 0.5
        serve $service "" hold 127.0.0.1 $port $((ports + 16))
    """,
    undo=STOP
    + """
        stop $service
        stop upstream
        cat /run/ephemeral-ports.before >/proc/sys/net/ipv4/ip_local_port_range
    """,
    symptom=Symptom(
        doc="A further connection to the server fails for want of an address, with all ports connected.",
        command="""
        # established (01) connections to that port
        held=$(awk -v port=:$(printf %04X $port) '$4 == "01" && index($3, port) { n++ } END { print n + 0 }' /proc/net/tcp)
        # One that succeeds keeps its port for a minute (TIME_WAIT): it is tried when the service has them all.
        [ $held -ge $((ports - 2)) ] || { echo "$held connections to port $port are open"; exit 1; }
        said=$(nc -w 2 127.0.0.1 $port </dev/null 2>&1)
        echo "$held connections to port $port are open; one more: $said"
        case $said in *"assign requested address"*) ;; *) exit 1 ;; esac
        """,
        within_s=60,
    ),
    truth=Truth(
        cause="ephemeral-ports-exhausted",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "__inet_hash_connect() in net/ipv4/inet_hashtables.c tries every port of the range, and "
            "__inet_check_established() finds each taken for this destination."
        ),
    ),
)
