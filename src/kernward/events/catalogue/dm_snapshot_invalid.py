"""A device-mapper snapshot (LVM, not thin) was dropped because it overflowed or failed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="dm-snapshot-invalid",
    title="device-mapper: snapshot invalidated: {reason}",
    class_="storage",
    severity="error",
    subsystem="dm",
    patterns=(
        Pattern(
            literal="Invalidating snapshot: ",
            regex=(
                "device-mapper: snapshots: Invalidating snapshot: (?P<reason>Error "
                "reading/writing|Unable to allocate exception)"
            ),
            printed=("snapshots: Invalidating snapshot: Error reading/writing.",),
        ),
        Pattern(
            literal="Snapshot overflowed: ",
            regex="device-mapper: snapshots: Snapshot overflowed: (?P<reason>Unable to allocate exception)",
            printed=("snapshots: Snapshot overflowed: Unable to allocate exception.",),
        ),
    ),
    fields=(
        Field(
            "reason",
            "str",
            "Unable to allocate exception: it is full; Error reading/writing: its device failed",
        ),
    ),
    key=("reason",),
    printed_by=(
        "drivers/md/dm-snap.c:__invalidate_snapshot",
        "drivers/md/dm-snap.c:snapshot_map",
    ),
    meaning=(
        "A snapshot keeps the old content of every block that changes in its origin. When its own "
        "space is full, or cannot be written, it is marked invalid: the snapshot is lost, the "
        "origin is untouched. A backup that reads it fails with I/O errors, and a file system "
        "mounted from it shuts down."
    ),
    next_steps=(
        "lvs: which snapshot is at 100 % or marked I",
        "Was a backup running: it is incomplete",
        "Larger snapshots, snapshot_autoextend_threshold in lvm.conf, or thin snapshots",
    ),
    confused_with=("dm-thin-out-of-space: thin snapshots share the pool's space",),
    example=("[ 3811.700211] device-mapper: snapshots: Invalidating snapshot: Unable to allocate exception."),
    near_miss="[ 3811.700211] device-mapper: snapshots: Snapshot is marked invalid.",
)
