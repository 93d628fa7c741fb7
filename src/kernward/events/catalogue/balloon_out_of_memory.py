"""The hypervisor asked the guest for memory that the guest could not give."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="balloon-out-of-memory",
    title="virtio balloon: cannot get pages",
    class_="resource",
    severity="warning",
    subsystem="virtio/balloon",
    patterns=(
        Pattern(
            literal="Out of puff! Can't get ",
            regex=r"virtio_balloon (?P<device>[\w.:-]{1,40}): Out of puff! Can't get (?P<pages>\d+) pages",
        ),
    ),
    fields=(
        Field("device", "str", "the balloon device"),
        Field("pages", "int", "pages asked for at once"),
    ),
    printed_by=("drivers/virtio/virtio_balloon.c:fill_balloon",),
    meaning=(
        "The host wants memory back by inflating the balloon, and the guest has none to spare. It goes on "
        "trying, five times a second. What looks like a leak in the guest may be the host taking memory: "
        "MemTotal shrinks or memory is used that no process has."
    ),
    next_steps=(
        (
            "Compare the balloon's size: `virsh dommemstat`, or /sys/kernel/debug/virtio-balloon; ask the "
            "host's operator for its policy."
        ),
        "Expect OOM kills in this guest; protect what matters or stop the ballooning.",
    ),
    confused_with=("oom-kill-global: what often follows",),
    example="[ 7110.550001] virtio_balloon virtio3: Out of puff! Can't get 1 pages",
    near_miss="[    1.550001] virtio_balloon virtio3: Stat queue ready",
)
