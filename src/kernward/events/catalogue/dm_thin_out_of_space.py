"""A thin pool ran out of space, or can no longer be written to."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="dm-thin-out-of-space",
    title="device-mapper: thin: pool switched to {mode} mode",
    class_="storage",
    severity="error",
    subsystem="dm",
    patterns=(
        Pattern(
            literal="switching pool to ",
            regex=(
                r"device-mapper: thin: (?P<device>\S+): switching pool to "
                r"(?P<mode>out-of-data-space|read-only|fail)(?: \((?P<policy>[^)]+)\))? mode"
            ),
            printed=(
                "%s: switching pool to %s%s mode",
                "out-of-data-space",
            ),
        ),
    ),
    fields=(
        Field("device", "str", "pool (major:minor or name)"),
        Field("mode", "str", "out-of-data-space, read-only (metadata trouble) or fail"),
        Field("policy", "str", "queue IO or error IO"),
    ),
    key=("mode",),
    printed_by=("drivers/md/dm-thin.c:notify_of_pool_mode_change",),
    meaning=(
        "Every thin volume of the pool is concerned. out-of-data-space: no block is left; writes "
        "that need one wait (queue IO, for no_space_timeout, 60 s by default) and then fail. "
        "read-only: the metadata could not be committed; it needs thin_check. fail: not even "
        "reads. File systems above see I/O errors for writes they believe to have room for; ext4 "
        "and XFS may shut down."
    ),
    next_steps=(
        "lvs -o+data_percent,metadata_percent; vgs: is there room to extend the pool",
        (
            "lvextend the pool (lvextend --poolmetadatasize for metadata) while writes are queued; "
            "fstrim the file systems"
        ),
        "For read-only or fail: deactivate the pool, lvconvert --repair (thin_check, thin_repair)",
        "After it: fsck of every file system that had failed writes",
    ),
    confused_with=(
        "dm-thin-low-space: the warning before it",
        "block-io-error: 'critical space allocation' errors are its consequence",
    ),
    example=(
        "[55102.910004] device-mapper: thin: 253:4: switching pool to out-of-data-space (queue IO) mode"
    ),
    near_miss="[55302.910004] device-mapper: thin: 253:4: switching pool to write mode",
)
