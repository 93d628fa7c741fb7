"""An RDMA adapter completed a work request with an error."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="rdma-completion-error",
    title="RDMA: error completion ({driver})",
    class_="network",
    severity="warning",
    subsystem="rdma",
    patterns=(
        Pattern(
            literal="dump error cqe",
            regex=(
                r"(?:infiniband )?(?P<device>(?P<driver>[a-z]+\d?)_\d+): ?(?:\w+:\d+:\(pid \d+\): )?dump "
                "error cqe"
            ),
            until="6.1",
            printed=("dump error cqe",),
        ),
        Pattern(
            literal="WC error: ",
            regex=(
                r"(?:infiniband )?(?P<device>(?P<driver>[a-z]+\d?)_\d+): (?:\w+:\d+:\(pid \d+\): )?WC "
                r"error: (?P<status>\d+), Message: (?P<message>.*)"
            ),
            since="6.2",
            printed=("WC error: %d, Message: %s",),
        ),
    ),
    fields=(
        Field("driver", "str", "adapter family (mlx5)"),
        Field("device", "str", "RDMA device (mlx5_0)"),
        Field("status", "int", "work completion status"),
        Field("message", "str", "the status in words"),
    ),
    key=(
        "driver",
        "message",
    ),
    continues=(
        "(?:[0-9a-f]{8}: ?)?(?:[0-9a-f]{2} ){15}[0-9a-f]{2}",
        r"\d{8}: ",
        r"infiniband \S+: dump_cqe",
    ),
    reach=6,
    printed_by=("drivers/infiniband/hw/mlx5/cq.c:dump_cqe",),
    meaning=(
        "A send, a read or a write on a queue pair ended with an error that the adapter considers "
        "unusual, and its entry is dumped. The queue pair goes to the error state, and the upper "
        "layer (NFS over RDMA, NVMe, a message passing library) connects again or fails. Retry "
        "exceeded is the network or a dead peer; protection errors are a bug in the program that "
        "uses the queue."
    ),
    next_steps=(
        (
            "The message, or the syndrome in the dump: 12 retry exceeded, 13 RNR retry, 4 local "
            "protection, 10 remote access"
        ),
        "rdma link; perfquery or ethtool -S for symbol errors, discards and pause frames",
        "Is the peer alive; lossless configuration (PFC, ECN) for RoCE",
    ),
    confused_with=(
        "nic-firmware-error: the adapter itself failed",
        "nvme-fabrics-connection-lost: what NVMe over RDMA makes of it",
    ),
    example=(
        "[40110.120010] infiniband mlx5_0: dump_cqe:272:(pid 0): WC error: 12, Message: "
        "transport retry counter exceeded"
    ),
    near_miss="[   10.120010] infiniband mlx5_0: set_max_gid_type:412:(pid 1): roce v2",
)
