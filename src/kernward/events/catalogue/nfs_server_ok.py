"""An NFS (or other RPC) server that had not answered answers again."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nfs-server-ok",
    title="{program}: server OK",
    class_="state",
    severity="info",
    subsystem="nfs",
    patterns=(
        Pattern(
            literal="nfs: server ",
            regex=r"(?P<program>nfs): server (?P<server>\S+) OK$",
            printed=("%s: server %s OK",),
        ),
        Pattern(
            literal="lockd: server ",
            regex=r"(?P<program>lockd): server (?P<server>\S+) OK$",
            printed=("%s: server %s OK",),
        ),
    ),
    fields=(
        Field("program", "str", "RPC program: nfs or lockd"),
        Field("server", "str", "server, as mounted"),
    ),
    key=("program",),
    printed_by=("net/sunrpc/clnt.c:call_decode",),
    meaning=(
        "A request that had been reported as unanswered was answered. Nothing was lost on a hard "
        "mount. The time since 'not responding' is how long processes on that mount stood still."
    ),
    next_steps=(
        "The time since the 'not responding' line of the same server",
        "Repeated pairs: packet loss or an overloaded server rather than an outage",
        "The server's log for that window",
    ),
    confused_with=("nfs-server-not-responding: the beginning of the same outage",),
    example="[41080.710110] nfs: server nas-3.example.net OK",
    near_miss="[41020.710110] nfs: server nas-3.example.net not responding, still trying",
)
