"""An XFS metadata block claims to have been changed later than the log knows of."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="xfs-lsn-ahead",
    title="XFS: metadata LSN is ahead of the log",
    class_="storage",
    severity="error",
    subsystem="xfs",
    patterns=(
        Pattern(
            literal="Corruption warning: Metadata has LSN",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): Corruption warning: Metadata has LSN "
                r"\((?P<cycle>-?\d+):(?P<log_block>-?\d+)\) ahead of current LSN "
                r"\((?P<current_cycle>-?\d+):(?P<current_log_block>-?\d+)\)"
            ),
            printed=("Corruption warning: Metadata has LSN (%d:%d) ahead of current LSN (%d:%d).",),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field("cycle", "int", "log cycle that the block claims"),
        Field("log_block", "int", "log block that the block claims"),
        Field("current_cycle", "int", "log's present cycle"),
        Field("current_log_block", "int", "log's present block"),
    ),
    printed_by=("fs/xfs/xfs_log.c:xfs_log_check_lsn",),
    meaning=(
        "Each metadata block holds the position in the log of its last change. This one lies in "
        "the future of the log: the log was thrown away (xfs_repair -L of an old xfsprogs, a "
        "restored log device), or the block is garbage. Left alone, recovery after the next crash "
        "would skip valid changes, so the block is treated as corrupt."
    ),
    next_steps=(
        "Was xfs_repair -L used, and with which version; was an external log replaced",
        "Unmount and xfs_repair (4.3 or newer) which formats the log beyond all blocks",
        ("Values of -1 or nonsense: the block was overwritten; look at the verifier's message beside it"),
    ),
    confused_with=("xfs-metadata-corruption: the block's checksum or content is wrong",),
    example=(
        "[  910.440110] XFS (sdc1): Corruption warning: Metadata has LSN (311:20480) ahead of "
        "current LSN (1:1184). Please unmount and run xfs_repair (>= v4.3) to resolve."
    ),
    near_miss="[  910.440110] XFS (sdc1): Ending recovery (logdev: internal)",
)
