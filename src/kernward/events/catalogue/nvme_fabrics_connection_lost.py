"""The connection to an NVMe target over TCP, RDMA or Fibre Channel broke."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nvme-fabrics-connection-lost",
    title="nvme: connection to the target lost",
    class_="storage",
    severity="error",
    subsystem="nvme",
    patterns=(
        Pattern(
            literal="starting error recovery",
            regex=r"nvme (?P<device>nvme\d+): starting error recovery",
            printed=("starting error recovery",),
        ),
        Pattern(
            literal="failed nvme_keep_alive_end_io error=",
            regex=r"nvme (?P<device>nvme\d+): failed nvme_keep_alive_end_io error=(?P<error>\d+)",
            printed=("failed nvme_keep_alive_end_io error=%d",),
        ),
        Pattern(
            literal="Failed reconnect attempt ",
            regex=(
                r"nvme (?P<device>nvme\d+): Failed reconnect attempt "
                r"(?P<attempt>\d+)(?:/(?P<attempts>-?\d+))?"
            ),
            printed=("Failed reconnect attempt %d",),
        ),
    ),
    fields=(
        Field("device", "str", "controller (nvme0)"),
        Field("error", "int", "status of the keep-alive"),
        Field("attempt", "int", "number of the failed attempt"),
        Field("attempts", "int", "how many there will be"),
    ),
    printed_by=(
        "drivers/nvme/host/tcp.c:nvme_tcp_error_recovery",
        "drivers/nvme/host/rdma.c:nvme_rdma_error_recovery",
        "drivers/nvme/host/core.c:nvme_keep_alive_end_io",
        "drivers/nvme/host/tcp.c:nvme_tcp_reconnect_or_remove",
    ),
    meaning=(
        "A keep-alive or a command to the target was not answered, or the transport broke. The "
        "driver tears the queues down and tries to reconnect every reconnect_delay seconds until "
        "ctrl_loss_tmo is over; then the disk is removed. Requests wait meanwhile, or go over "
        "another path with multipath."
    ),
    next_steps=(
        "Network to the target: ping with the path's MTU, ethtool -S, switch ports, ip route",
        "nvme list-subsys: state and address of each path",
        "ctrl_loss_tmo, reconnect_delay, keep_alive_tmo in /sys/class/nvme/nvmeN/",
        "The target's own log at that time",
    ),
    confused_with=(
        "nvme-no-path: the consequence when no other path is left",
        "nvme-timeout: a command is late; on a fabric it precedes this",
    ),
    example=(
        "[ 4400.101020] nvme nvme2: failed nvme_keep_alive_end_io error=10\n"
        "[ 4400.101120] nvme nvme2: starting error recovery"
    ),
    near_miss="[ 4410.101020] nvme nvme2: Successfully reconnected (1 attempt)",
)
