"""A write to the XFS log failed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="xfs-log-io-error",
    title="XFS: log I/O error",
    class_="storage",
    severity="error",
    subsystem="xfs",
    patterns=(
        Pattern(
            literal="log I/O error ",
            regex=r"XFS \((?P<device>[^\s)]+)\): log I/O error (?P<error>-?\d+)",
            printed=("log I/O error %d",),
        ),
        Pattern(
            literal="log recovery ",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): log recovery (?P<operation>read|write) I/O error at daddr "
                r"(?P<block>0x[0-9a-f]+) len (?P<length_sectors>\d+) error (?P<error>-?\d+)"
            ),
            printed=("log recovery %s I/O error at daddr 0x%llx len %d error %d",),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field("error", "int", "errno; negative as a rule"),
        Field("operation", "str", "read or write, in recovery"),
        Field("block", "hex", "disk address, in sectors of 512 bytes, in recovery"),
        Field("length_sectors", "int", "length in sectors of 512 bytes, in recovery"),
    ),
    printed_by=(
        "fs/xfs/xfs_log.c:xlog_ioend_work",
        "fs/xfs/xfs_log_recover.c:xlog_do_io",
    ),
    meaning=(
        "The device refused or lost a write to the log, or a read of it while the log was "
        "replayed at mount. A running file system cannot promise anything any more and is shut "
        "down at once. What was committed and flushed before stays; the last seconds of changes "
        "are gone. As the log is written all the time it is usually the first to notice a device "
        "that disappeared."
    ),
    next_steps=(
        "The block layer's and the driver's error just before: which device, which class",
        "Is the device there again: lsblk, multipath -ll, nvme list-subsys, iscsiadm -m session",
        (
            "Unmount and mount again: a good log is replayed; xfs_repair -L only as a last resort, it "
            "throws the log away"
        ),
    ),
    confused_with=(
        "xfs-shutdown: what follows from it at once",
        "xfs-io-error: metadata elsewhere than in the log",
    ),
    example="[ 6012.660060] XFS (sdd1): log I/O error -5",
    near_miss="[ 6012.660060] XFS (sdd1): log record CRC mismatch: found 0x1, expected 0x2.",
)
