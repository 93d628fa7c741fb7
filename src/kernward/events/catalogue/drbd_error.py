"""A DRBD device lost its peer or its local disk."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="drbd-error",
    title="drbd: {problem}",
    class_="storage",
    severity="error",
    subsystem="drbd",
    patterns=(
        Pattern(
            literal="PingAck did not arrive in time",
            regex="drbd (?P<device>[^:]{1,40}): (?P<problem>PingAck did not arrive in time)",
            printed=("drbd %s: PingAck did not arrive in time.",),
        ),
        Pattern(
            literal="Local IO failed in ",
            regex=r"(?:drbd|block) (?P<device>[^:]{1,60}): (?P<problem>Local IO failed) in (?P<place>\w+)",
            printed=("Local IO failed in %s. Detaching...",),
        ),
    ),
    fields=(
        Field("device", "str", "resource, or resource, volume and device"),
        Field("problem", "str", "what happened"),
        Field("place", "str", "kernel function that noticed it"),
    ),
    key=("problem",),
    printed_by=(
        "drivers/block/drbd/drbd_receiver.c:drbd_ack_receiver",
        "drivers/block/drbd/drbd_main.c:drbd_chk_io_error_",
    ),
    meaning=(
        "Either the peer did not answer a ping in time, and the connection is dropped: writes go "
        "on locally, and what changes has to be resynchronised later. Or the local disk failed, "
        "and DRBD detaches from it: a diskless primary goes on over the network. Both together, "
        "or both nodes becoming primary while disconnected, is the way to a split brain."
    ),
    next_steps=(
        "drbdadm status or drbdsetup status --verbose on both nodes",
        "Network between the nodes: the replication link's errors and latency",
        (
            "For the local disk: the block layer's error just before; replace it, then drbdadm attach "
            "or create-md and invalidate"
        ),
    ),
    confused_with=("block-io-error: the disk's error below DRBD",),
    example="[30222.110010] drbd r0: PingAck did not arrive in time.",
    near_miss=(
        "[30222.110010] drbd r0: peer( Secondary -> Unknown ) conn( Connected -> NetworkFailure "
        ") pdsk( UpToDate -> DUnknown )"
    ),
)
