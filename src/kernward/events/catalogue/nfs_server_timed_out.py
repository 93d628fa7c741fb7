"""An NFS (or other RPC) server did not answer and the request failed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nfs-server-timed-out",
    title="{program}: server not responding, timed out",
    class_="storage",
    severity="error",
    subsystem="nfs",
    patterns=(
        Pattern(
            literal=" not responding, timed out",
            regex=r"(?P<program>[\w-]{2,24}): server (?P<server>\S+) not responding, timed out",
            printed=("%s: server %s not responding, timed out",),
        ),
    ),
    fields=(
        Field("program", "str", "RPC program: nfs, lockd, …"),
        Field("server", "str", "server, as mounted"),
    ),
    key=("program",),
    printed_by=("net/sunrpc/clnt.c:rpc_check_timeout",),
    meaning=(
        "A request with a time limit went unanswered: on a soft mount, or a request of the client "
        "itself (a lease renewal, a mount). The caller gets EIO or ETIMEDOUT. On soft mounts an "
        "application that does not check the result of write() and close() loses data silently."
    ),
    next_steps=(
        "mount | grep SERVER: soft, timeo, retrans",
        "ping and rpcinfo -t SERVER nfs; the server's own log",
        "Which application got EIO; consider hard mounts, or softerr with a longer timeo",
    ),
    confused_with=("nfs-server-not-responding: a hard mount: it waits",),
    example="[41090.710110] nfs: server 10.3.0.7 not responding, timed out",
    near_miss="[41090.710110] nfs: server 10.3.0.7 OK",
)
