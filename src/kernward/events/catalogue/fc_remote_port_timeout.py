"""A Fibre Channel port was gone longer than dev_loss_tmo; its devices are removed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="fc-remote-port-timeout",
    title="FC: remote port timed out",
    class_="storage",
    severity="error",
    subsystem="scsi",
    patterns=(
        Pattern(
            literal="blocked FC remote port time out: ",
            regex=(
                r"\s?rport-(?P<port>[\d:-]+): blocked FC remote port time out: (?P<consequence>no longer "
                "a FCP target|leaving|removing rport|removing target)"
            ),
            printed=("blocked FC remote port time out: removing target and saving binding",),
        ),
    ),
    fields=(
        Field("port", "str", "remote port: host:channel-number"),
        Field("consequence", "str", "what happens to it"),
    ),
    printed_by=("drivers/scsi/scsi_transport_fc.c:fc_timeout_deleted_rport",),
    meaning=(
        "The fabric reported the port as gone, or the link to it went down, and it did not come "
        "back within dev_loss_tmo. Its SCSI devices are removed; requests to them fail. With "
        "multipath the paths disappear from the map. When the port logs in again the devices are "
        "found again, possibly under other names."
    ),
    next_steps=(
        ("cat /sys/class/fc_remote_ports/rport-*/port_state and /sys/class/fc_host/host*/port_state"),
        "The HBA's link events before it; switch port counters and zoning",
        "multipath -ll: paths left",
        "dev_loss_tmo and fast_io_fail_tmo in /sys/class/fc_remote_ports/",
    ),
    confused_with=(
        "dm-path-failed: the path as multipath sees it",
        "scsi-offline-device: a device given up by error recovery",
    ),
    example=(
        "[ 6010.100110]  rport-7:0-3: blocked FC remote port time out: removing target and saving binding"
    ),
    near_miss="[    6.100110] scsi host7: qla2xxx",
)
