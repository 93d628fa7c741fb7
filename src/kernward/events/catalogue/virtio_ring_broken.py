"""A virtio device returned something impossible in its ring; the queue is dead."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="virtio-ring-broken",
    title="virtio: queue broken ({driver})",
    class_="hardware",
    severity="error",
    subsystem="virtio",
    patterns=(
        Pattern(
            literal=" is not a head!",
            regex=(
                r"(?P<driver>virtio\w*) (?P<device>virtio\d+): (?P<queue>[\w.]+):id (?P<id>\d+) is not a "
                "head!"
            ),
            printed=("%s:id %u is not a head!",),
        ),
        Pattern(
            literal=" out of range",
            regex=(
                r"(?P<driver>virtio\w*) (?P<device>virtio\d+): (?P<queue>[\w.]+):id (?P<id>\d+) out of "
                "range"
            ),
            printed=("%s:id %u out of range",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver: virtio_net, virtio_blk, virtio_scsi, …"),
        Field("device", "str", "device (virtio0)"),
        Field("queue", "str", "name of the virtqueue"),
        Field("id", "int", "descriptor id that came back"),
    ),
    key=("driver",),
    printed_by=(
        "drivers/virtio/virtio_ring.c:virtqueue_get_buf_ctx_split",
        "drivers/virtio/virtio_ring.c:virtqueue_get_buf_ctx_packed",
    ),
    meaning=(
        "The host side completed a request that was never made. The driver marks the queue as "
        "broken: a disk stops answering, an interface stops sending, and tasks hang until the "
        "virtual machine is reset. It is a bug in the device's implementation (QEMU, vhost, a DPU "
        "or a cloud's hypervisor), or memory of the guest was overwritten, or two drivers use the "
        "device."
    ),
    next_steps=(
        "The host's log and version of QEMU, vhost or DPU firmware at that time",
        "Was it after live migration, hot plug or suspend",
        "Only a reset of the device or the guest helps: unbind and bind the driver",
    ),
    confused_with=(
        "netdev-watchdog: a queue that only stands still",
        "block-io-error: a request that fails",
    ),
    example="[30110.120010] virtio_net virtio0: output.0:id 173 is not a head!",
    near_miss="[    1.120010] virtio_blk virtio1: 2/0/0 default/read/poll queues",
)
