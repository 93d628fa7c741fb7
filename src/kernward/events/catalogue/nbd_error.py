"""A network block device lost its server or got a wrong answer."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nbd-error",
    title="nbd: {problem}",
    class_="storage",
    severity="error",
    subsystem="nbd",
    patterns=(
        Pattern(
            literal="block nbd",
            regex=(
                r"block (?P<device>nbd\d+): (?P<problem>Connection timed out|Receive control "
                "failed|Receive data failed|Send control failed|Send data failed|Dead connection, failed "
                "to find a fallback|Wrong magic|Unexpected reply|Other side returned error|Double reply "
                r"on req)(?:[\w ]{0,24}\((?:result )?(?P<error>-?\d+)\))?"
            ),
            printed=(
                "Connection timed out",
                "Receive control failed (result %d)",
                "Dead connection, failed to find a fallback",
            ),
        ),
    ),
    fields=(
        Field("device", "str", "device (nbd0)"),
        Field("problem", "str", "what went wrong"),
        Field("error", "int", "errno of the socket (negative) or of the server"),
    ),
    key=("problem",),
    printed_by=(
        "drivers/block/nbd.c:nbd_xmit_timeout",
        "drivers/block/nbd.c:nbd_read_reply",
        "drivers/block/nbd.c:nbd_handle_cmd",
    ),
    meaning=(
        "The kernel's nbd client did not get an answer in time, or its socket broke, or the "
        "server returned an error. Requests go to another connection if there is one, wait for a "
        "new one within dead_conn_timeout, or fail. nbd is a userspace server at the other end: a "
        "crashed qemu-nbd or CSI plugin looks like this."
    ),
    next_steps=(
        "Is the server process alive, and its host reachable",
        "nbd-client -c /dev/nbdN; lsblk; what is mounted from it",
        "The server's log at that time",
    ),
    confused_with=(
        "block-io-error: the requests that fail because of it",
        "iscsi-connection-error: the same with iSCSI",
    ),
    example=(
        "[ 1210.401110] block nbd0: Connection timed out\n[ 1210.401210] block nbd0: shutting down sockets"
    ),
    near_miss="[ 1210.401210] block nbd0: NBD_DISCONNECT",
)
