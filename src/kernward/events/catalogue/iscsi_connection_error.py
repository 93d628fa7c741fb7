"""An iSCSI connection broke, or the target did not answer a ping."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="iscsi-connection-error",
    title="iSCSI: connection error",
    class_="storage",
    severity="error",
    subsystem="iscsi",
    patterns=(
        Pattern(
            literal="ping timeout of ",
            regex=r"\s?connection(?P<connection>\d+:\d+): ping timeout of (?P<timeout_s>\d+) secs expired",
            printed=(
                "ping timeout of %d secs expired, recv timeout %d, last rx %lu, last ping %lu, now %lu",
            ),
        ),
        Pattern(
            literal="detected conn error (",
            regex=r"\s?connection(?P<connection>\d+:\d+): detected conn error \((?P<error>\d+)\)",
            printed=("detected conn error (%d)",),
        ),
    ),
    fields=(
        Field("connection", "str", "session and connection, 1:0"),
        Field("timeout_s", "int", "ping timeout"),
        Field(
            "error",
            "int",
            (
                "ISCSI_ERR_*: 1011 the connection failed, 1020 the target closed it, 1022 no answer to "
                "the ping, 1015 bad header, …"
            ),
        ),
    ),
    key=("error",),
    continues=(r"\s?connection\d+:\d+: detected conn error \((?P<error>\d+)\)",),
    reach=2,
    absorbs=("iscsi-connection-error",),
    printed_by=(
        "drivers/scsi/libiscsi.c:iscsi_check_transport_timeouts",
        "drivers/scsi/scsi_transport_iscsi.c:iscsi_conn_error_event",
    ),
    meaning=(
        "The initiator lost its connection to the target: TCP broke it, the target closed it, or "
        "a NOP ping got no answer in time. iscsid reconnects, and requests wait meanwhile; if "
        "that takes longer than the replacement timeout they fail. Brief losses are usually the "
        "network (a switch reboot, a flapping link, MTU), or a target that was too busy to answer "
        "a ping."
    ),
    next_steps=(
        "iscsiadm -m session -P 3: state, address, recovery timeout",
        (
            "Link and errors of the interface: ip -s link, ethtool -S, the switch's log; ping -M do "
            "-s 8972 with jumbo frames"
        ),
        "The target's log at that time; does it hit all initiators",
        ("node.session.timeo.replacement_timeout and noop_out_timeout: short with multipath, long without"),
    ),
    confused_with=(
        "iscsi-session-lost: the reconnect took too long and requests fail",
        "dm-path-failed: what multipath does about it",
    ),
    example=(
        "[ 3300.120001]  connection1:0: ping timeout of 5 secs expired, recv timeout 5, last rx "
        "4295717888, last ping 4295719168, now 4295720448\n"
        "[ 3300.120030]  connection1:0: detected conn error (1022)"
    ),
    near_miss="[    3.120001] iscsi: registered transport (tcp)",
)
