"""NVMe's own multipath has no path left to a namespace."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nvme-no-path",
    title="nvme: no path: {consequence}",
    class_="storage",
    severity="error",
    subsystem="nvme",
    patterns=(
        Pattern(
            literal="no usable path - requeuing I/O",
            regex=r"block (?P<device>nvme\S+): no usable path - (?P<consequence>requeuing I/O)",
            printed=("no usable path - requeuing I/O",),
        ),
        Pattern(
            literal="no available path - failing I/O",
            regex=r"block (?P<device>nvme\S+): no available path - (?P<consequence>failing I/O)",
            printed=("no available path - failing I/O",),
        ),
    ),
    fields=(
        Field("device", "str", "namespace head (nvme0n1)"),
        Field("consequence", "str", "requeuing I/O: it waits; failing I/O: it fails"),
    ),
    key=("consequence",),
    printed_by=("drivers/nvme/host/multipath.c:nvme_ns_head_submit_bio",),
    meaning=(
        "No controller can take a request for this namespace. While one is still reconnecting "
        "requests wait, and tasks may hang; when the last is gone for good they fail. On NVMe "
        "over TCP, RDMA or Fibre Channel that is a lost network or target; on a local dual-port "
        "drive a reset of its controllers."
    ),
    next_steps=(
        "nvme list-subsys: state of each controller (live, connecting, resetting)",
        "Reachability of the target; 'starting error recovery' and keep-alive errors before it",
        "cat /sys/class/nvme/nvmeN/ctrl_loss_tmo and reconnect_delay: how long it will wait",
    ),
    confused_with=(
        "dm-path-failed: a path of device-mapper's multipath",
        "nvme-fabrics-connection-lost: one controller; others may serve",
    ),
    example="[ 4410.771020] block nvme0n1: no usable path - requeuing I/O",
    near_miss="[ 4410.771020] nvme nvme0: Reconnecting in 10 seconds...",
)
