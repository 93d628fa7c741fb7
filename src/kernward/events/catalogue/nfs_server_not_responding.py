"""An NFS (or other RPC) server does not answer; hard-mounted file systems wait."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nfs-server-not-responding",
    title="{program}: server not responding",
    class_="storage",
    severity="error",
    subsystem="nfs",
    patterns=(
        Pattern(
            literal=" not responding, still trying",
            regex=r"(?P<program>[\w-]{2,24}): server (?P<server>\S+) not responding, still trying",
            printed=("%s: server %s not responding, still trying",),
        ),
    ),
    fields=(
        Field("program", "str", "RPC program: nfs, lockd, …"),
        Field("server", "str", "server, as mounted"),
    ),
    key=("program",),
    printed_by=("net/sunrpc/clnt.c:rpc_check_timeout",),
    meaning=(
        "A request went unanswered through all its retransmissions (timeo, retrans). On a hard "
        "mount the client goes on for ever: each process that touches the mount sleeps "
        "uninterruptibly, load rises, and hung-task reports follow. When the server answers again "
        "everything continues, and 'server OK' is printed. Causes: the server is down or "
        "overloaded, the network drops packets, a firewall forgot the connection, or all nfsd "
        "threads wait for the server's disk."
    ),
    next_steps=(
        "ping and rpcinfo -t SERVER nfs; nc -zv SERVER 2049",
        "Does 'server … OK' follow, and after how long",
        "nfsstat -rc, mountstats --rpc MOUNTPOINT; ss -ti dst SERVER: retransmissions",
        ("On the server: its load, disk latency, nfsd threads (/proc/fs/nfsd/threads), its own kernel log"),
        "All clients of that server, or only this one",
    ),
    confused_with=(
        "nfs-server-timed-out: a soft mount: the request failed",
        "nfs-server-ok: the end of it",
        "cifs-server-not-responding: the same for SMB mounts",
    ),
    example="[41020.710110] nfs: server nas-3.example.net not responding, still trying",
    near_miss="[41080.710110] nfs: server nas-3.example.net OK",
)
