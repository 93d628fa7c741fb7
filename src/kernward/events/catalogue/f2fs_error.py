"""F2FS found its metadata inconsistent, or stopped writing."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="f2fs-error",
    title="F2FS: {problem}",
    class_="storage",
    severity="error",
    subsystem="f2fs",
    patterns=(
        Pattern(
            literal="Found FS corruption, run fsck",
            regex=r"F2FS-fs \((?P<device>[^\s)]+)\): (?P<problem>Found FS corruption)",
            printed=("Found FS corruption, run fsck to fix.",),
        ),
        # In 6.12, not in 6.1.
        Pattern(
            literal="Stopped filesystem due to reason",
            regex=(
                r"F2FS-fs \((?P<device>[^\s)]+)\): (?P<problem>Stopped filesystem) due to reason: "
                r"(?P<reason>\d+)"
            ),
            since="6.2",
            printed=("Stopped filesystem due to reason: %d",),
        ),
        Pattern(
            literal=": Inconsistent error blkaddr",
            regex=r"F2FS-fs \((?P<device>[^\s)]+)\): (?P<problem>Inconsistent error blkaddr):(?P<block>\d+)",
            printed=("Inconsistent error blkaddr:%u, sit bitmap:%d",),
        ),
        Pattern(
            literal=": access invalid blkaddr",
            regex=r"F2FS-fs \((?P<device>[^\s)]+)\): (?P<problem>access invalid blkaddr):(?P<block>\d+)",
            printed=("access invalid blkaddr:%u",),
        ),
        Pattern(
            literal=": SIT is corrupted ",
            regex=r"F2FS-fs \((?P<device>[^\s)]+)\): (?P<problem>SIT is corrupted)",
            printed=("SIT is corrupted node# %u vs %u",),
        ),
        Pattern(
            literal=": inconsistent node block",
            regex=r"F2FS-fs \((?P<device>[^\s)]+)\): (?P<problem>inconsistent node block), nid:(?P<node>\d+)",
            printed=("inconsistent node block, nid:%lu",),
        ),
    ),
    fields=(
        Field("device", "str", "block device"),
        Field("problem", "str", "what was found"),
        Field(
            "reason",
            "int",
            (
                "STOP_CP_REASON_*: 0 shutdown, 1 fault injection, 2 metadata page, 3 write fail, 4 "
                "corrupted summary, …"
            ),
        ),
        Field("block", "int", "block address"),
        Field("node", "int", "node id"),
    ),
    key=("problem",),
    printed_by=(
        "fs/f2fs/checkpoint.c:f2fs_handle_critical_error",
        "fs/f2fs/segment.c:f2fs_allocate_data_block",
        "fs/f2fs/checkpoint.c:__is_bitmap_valid",
        "fs/f2fs/segment.c:build_sit_entries",
        "fs/f2fs/node.c:f2fs_get_node_page",
    ),
    meaning=(
        "Addresses, tables or node blocks of the log-structured file system contradict each "
        "other, or a checkpoint could not be written. After a stop nothing is written any more "
        "(errors= decides between continue, remount-ro and panic), and what came after the last "
        "checkpoint is lost. Usual causes are flash that lies about its cache, worn flash, and "
        "power failures."
    ),
    next_steps=(
        "Errors of the device just before; mmc extcsd read or smartctl for wear",
        "Unmount, fsck.f2fs --dry-run DEVICE, then fsck.f2fs -f",
        "Compare over devices of one flash model: a bad firmware shows there",
    ),
    confused_with=(
        "block-io-error: the flash refused the request",
        "ext4-error: the same finding in an ext4 file system",
    ),
    example="[  900.440110] F2FS-fs (mmcblk0p2): Inconsistent error blkaddr:182312, sit bitmap:0",
    near_miss="[    4.440110] F2FS-fs (mmcblk0p2): Mounted with checkpoint version = 3c4d1f2a",
)
