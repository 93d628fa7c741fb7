"""An RPC server of the kernel, usually nfsd, could not send a reply and closes the connection."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nfsd-send-error",
    title="rpc-srv: reply could not be sent",
    class_="network",
    severity="warning",
    subsystem="nfsd",
    patterns=(
        Pattern(
            literal="rpc-srv/tcp: ",
            regex=(
                r"rpc-srv/tcp: (?P<program>[\w-]+): (?P<outcome>got error|sent(?: only)?) "
                r"(?P<result>-?\d+) when sending (?P<size_bytes>\d+) bytes - shutting down socket"
            ),
            printed=("rpc-srv/tcp: %s: %s %d when sending %d bytes - shutting down socket",),
        ),
    ),
    fields=(
        Field("program", "str", "nfsd, lockd, NFSv4 callback"),
        Field("outcome", "str", "got error, or sent a part"),
        Field("result", "int", "errno, negative, or bytes sent"),
        Field("size_bytes", "int", "size of the reply"),
    ),
    key=(
        "program",
        "result",
    ),
    printed_by=("net/sunrpc/svcsock.c:svc_tcp_sendto",),
    meaning=(
        "The client did not take the reply: its side reset the connection (-104), closed it "
        "(-32), or did not read for so long that the server gave up. The client connects again "
        "and repeats its request. Now and then that is a client that crashed or was powered off; "
        "in numbers it is the network or a middlebox that drops idle connections."
    ),
    next_steps=(
        "Which clients: ss -tn sport = :2049, the clients' 'not responding' messages",
        "Firewalls or load balancers with idle timeouts on the way",
        "tcpdump of one such connection: who sends the reset",
    ),
    confused_with=("nfs-server-not-responding: the client's view of it",),
    example=(
        "[90110.220010] rpc-srv/tcp: nfsd: got error -32 when sending 131204 bytes - shutting down socket"
    ),
    near_miss="[   19.220010] NFSD: starting 90-second grace period (net f0000000)",
)
