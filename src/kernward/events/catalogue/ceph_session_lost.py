"""The kernel's Ceph client lost a monitor or metadata server."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ceph-session-lost",
    title="ceph: {problem}",
    class_="storage",
    severity="error",
    subsystem="ceph",
    patterns=(
        Pattern(
            literal="session lost, hunting for new mon",
            regex=(
                r"libceph: mon(?P<server>\d+) (?P<address>\S+) (?P<problem>session lost), hunting for new "
                "mon"
            ),
            printed=("libceph: mon%d %s session lost, hunting for new mon",),
        ),
        Pattern(
            literal=" caps stale",
            regex=r"ceph: (?:\[(?P<client>[^\]]+)\]: )?mds(?P<server>\d+) (?P<problem>caps stale)",
            printed=("mds%d caps stale",),
        ),
        Pattern(
            literal="ceph: mds",
            regex=r"ceph: mds(?P<server>\d+) (?P<problem>hung|reconnect denied|session blocklisted)$",
            until="6.7",
            printed=("ceph: mds%d hung",),
        ),
        Pattern(
            literal="]: mds",
            regex=(
                r"ceph: \[(?P<client>[^\]]+)\]: mds(?P<server>\d+) (?P<problem>hung|reconnect "
                "denied|session blocklisted)$"
            ),
            since="6.8",
            printed=("ceph: [%pU %llu]: mds%d hung",),
        ),
    ),
    fields=(
        Field("server", "int", "number of the monitor or metadata server"),
        Field("address", "str", "its address"),
        Field("client", "str", "fsid and global id of the client, since 6.8"),
        Field("problem", "str", "session lost, caps stale, hung, reconnect denied or session blocklisted"),
    ),
    key=("problem",),
    printed_by=(
        "net/ceph/mon_client.c:reopen_session",
        "fs/ceph/mds_client.c:check_session_state",
        "fs/ceph/mds_client.c:renewed_caps",
        "fs/ceph/mds_client.c:handle_session",
    ),
    meaning=(
        "The client did not hear from a server in time. A lost monitor session is repaired by "
        "asking another one and harmless alone. With stale caps or a hung metadata server, "
        "operations on the CephFS mount wait; tasks show as hung. A client that was away too long "
        "is blocklisted: its dirty data is lost, and the mount returns errors until it is mounted "
        "again (recover_session=clean does so by itself)."
    ),
    next_steps=(
        "ceph -s and ceph health detail from a good client",
        "cat /sys/kernel/debug/ceph/*/{monc,mdsc,osdc}: requests in flight, and to whom",
        "Network to the public network's addresses; MTU",
        "ceph osd blocklist ls for this client's address",
    ),
    confused_with=(
        "ceph-osd-down: a storage daemon",
        "nfs-server-not-responding: the same for NFS",
    ),
    example=("[22011.300110] ceph: mds0 caps stale\n[22071.300110] ceph: mds0 hung"),
    near_miss="[   11.300110] libceph: mon0 (1)10.1.0.11:6789 session established",
)
