"""The log of an XFS file system cannot be replayed: it is damaged or of another file system."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="xfs-log-corrupt",
    title="XFS: log cannot be recovered: {reason}",
    class_="storage",
    severity="error",
    subsystem="xfs",
    patterns=(
        Pattern(
            literal="failed to locate log tail",
            regex=r"XFS \((?P<device>[^\s)]+)\): (?P<reason>failed to locate log tail)",
            printed=("failed to locate log tail",),
        ),
        Pattern(
            literal="failed to find log head",
            regex=r"XFS \((?P<device>[^\s)]+)\): (?P<reason>failed to find log head)",
            printed=("failed to find log head",),
        ),
        Pattern(
            literal="log has mismatched uuid",
            regex=r"XFS \((?P<device>[^\s)]+)\): (?P<reason>log has mismatched uuid)",
            printed=("log has mismatched uuid",),
        ),
        Pattern(
            literal="dirty log entry has mismatched uuid",
            regex=r"XFS \((?P<device>[^\s)]+)\): (?P<reason>dirty log entry has mismatched uuid)",
            printed=("dirty log entry has mismatched uuid",),
        ),
        Pattern(
            literal="dirty log written in incompatible format",
            regex=r"XFS \((?P<device>[^\s)]+)\): (?P<reason>dirty log written in incompatible format)",
            printed=("dirty log written in incompatible format",),
        ),
        Pattern(
            literal="Failed to recover intents",
            regex=r"XFS \((?P<device>[^\s)]+)\): (?P<reason>Failed to recover intents)",
            printed=("Failed to recover intents",),
        ),
        Pattern(
            literal="empty log check failed",
            regex=r"XFS \((?P<device>[^\s)]+)\): (?P<reason>empty log check failed)",
            printed=("empty log check failed",),
        ),
        Pattern(
            literal="log record CRC mismatch",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): (?P<reason>log record CRC mismatch): found 0x[0-9a-f]+, "
                "expected 0x[0-9a-f]+"
            ),
            printed=("log record CRC mismatch: found 0x%x, expected 0x%x.",),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field("reason", "str", "what is wrong with the log"),
    ),
    key=("reason",),
    continues=(r"XFS \([^\s)]+\): (?:failed to|log mount|Failed to)",),
    reach=4,
    absorbs=("xfs-log-corrupt",),
    printed_by=(
        "fs/xfs/xfs_log_recover.c:xlog_find_head",
        "fs/xfs/xfs_log_recover.c:xlog_find_tail",
        "fs/xfs/xfs_log_recover.c:xlog_header_check_recover",
        "fs/xfs/xfs_log_recover.c:xlog_recover_process",
    ),
    meaning=(
        "At mount XFS looks for head and tail of its log and replays what lies between. A "
        "checksum, an id or the structure does not fit, so the mount is refused; replaying it "
        "would spread the damage. Typical causes are a device that dropped writes it had "
        "acknowledged, a snapshot that was not taken at one moment over several devices, and an "
        "external log that belongs to another file system. A torn write at the very end is normal "
        "after a crash and is cut off silently."
    ),
    next_steps=(
        "Image the device, or take an xfs_metadump, before anything else",
        ("Right external log (mount option logdev=) and right device: xfs_db -r -c 'sb 0' -c 'print uuid'"),
        "mount -o ro,norecovery to copy data off",
        ("xfs_repair -L throws the log away: the last changes are lost and the structure is repaired"),
    ),
    confused_with=(
        "xfs-log-io-error: the log could not be read or written at all",
        "xfs-recovery: the replay worked",
    ),
    example=(
        "[   12.440020] XFS (vdb1): log record CRC mismatch: found 0x6b1e0a01, expected 0x11d0c3f2.\n"
        "[   12.440100] XFS (vdb1): failed to locate log tail"
    ),
    near_miss="[   12.440020] XFS (vdb1): Ending clean mount",
)
