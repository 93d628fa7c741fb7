"""The journal layer of ext4 and OCFS2 saw a read or a write fail."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="jbd2-io-error",
    title="JBD2: I/O error on the journal",
    class_="storage",
    severity="error",
    subsystem="jbd2",
    patterns=(
        Pattern(
            literal="JBD2: Detected IO errors while flushing",
            regex=r"JBD2: Detected IO errors while flushing file data on (?P<device>dm-\d+|[^\s-]+)(?:-\d+)?",
            printed=("JBD2: Detected IO errors while flushing file data on %s",),
        ),
        Pattern(
            literal="detected for journal superblock update for",
            regex=(
                "JBD2: previous I/O error detected for journal superblock update for "
                r"(?P<device>dm-\d+|[^\s-]+?)(?:-\d+)?\.?$"
            ),
            printed=("JBD2: previous I/O error detected for journal superblock update for %s.",),
        ),
        # 'I/O error when' in 6.1 and 6.12; older kernels say 'Error -5 detected when'.
        Pattern(
            literal="when updating journal superblock for",
            regex=(
                r"JBD2: (?:I/O error|Error (?P<error>-?\d+) detected) when updating journal superblock "
                r"for (?P<device>dm-\d+|[^\s-]+?)(?:-\d+)?\.?$"
            ),
            printed=("when updating journal superblock for %s.",),
        ),
        Pattern(
            literal="JBD2: IO error ",
            regex=r"JBD2: IO error (?P<error>-?\d+) recovering block (?P<block>\d+) in log",
            printed=("JBD2: IO error %d recovering block %lu in log",),
        ),
        Pattern(
            literal="JBD2: Failed to read block at offset",
            regex=r"JBD2: Failed to read block at offset (?P<block>\d+)",
            printed=("JBD2: Failed to read block at offset %u",),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the journal names it"),
        Field("error", "int", "errno, negative"),
        Field("block", "int", "block of the journal"),
    ),
    printed_by=(
        "fs/jbd2/commit.c:jbd2_journal_commit_transaction",
        "fs/jbd2/journal.c:jbd2_write_superblock",
        "fs/jbd2/recovery.c:do_one_pass",
        "fs/jbd2/recovery.c:jread",
    ),
    meaning=(
        "The block device failed a request of the journal: writing out file data before a commit, "
        "updating the journal's superblock, or reading the log at mount. File data that could not "
        "be written is lost although write() had succeeded; only fsync() reports it. If the "
        "journal itself cannot be written it is aborted and the file system becomes read-only. At "
        "mount the log cannot be replayed and the mount fails."
    ),
    next_steps=(
        (
            "Find the block device's own error just before: it has sector, operation and the class of "
            "the error"
        ),
        "Ask what was being written: applications must treat a failed fsync() as lost data",
        "smartctl -x, nvme smart-log or the array's log for the device",
        "After the device is sound again: unmount, e2fsck -f, mount",
    ),
    confused_with=(
        "jbd2-abort: the journal stopped for good; this error may be survived",
        "buffer-io-error: the same failed write, one line a block",
    ),
    example="[ 9020.117001] JBD2: Detected IO errors while flushing file data on sdb1-8",
    near_miss="[ 9020.117001] JBD2: Clearing recovery information on journal",
)
