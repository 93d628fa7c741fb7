"""The journal of an ext4 or OCFS2 file system was aborted: no further transaction will be written."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="jbd2-abort",
    title="JBD2: journal aborted",
    class_="storage",
    severity="error",
    subsystem="jbd2",
    patterns=(
        Pattern(
            literal="Aborting journal on device ",
            regex=r"Aborting journal on device (?P<device>dm-\d+|[^\s-]+)(?:-(?P<journal_inode>\d+))?\.$",
            printed=("Aborting journal on device %s.",),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the journal names it"),
        Field("journal_inode", "int", "inode of the journal on that device (8 for ext4's own)"),
    ),
    printed_by=("fs/jbd2/journal.c:jbd2_journal_abort",),
    meaning=(
        "jbd2 stopped journaling because writing the journal or metadata failed, or because the "
        "file system asked for it after finding itself damaged. Every later operation that needs "
        "a transaction fails with EROFS or EIO; ext4 usually becomes read-only in the same "
        "moment. Data that was not yet committed is not on disk. The cause stands before this "
        "line: an I/O error, a device that went away, an ext4 error."
    ),
    next_steps=(
        "Find the first block, SCSI, NVMe or ext4 error of this device before the line",
        "findmnt SOURCE: is it read-only now, and what depends on it",
        (
            "Check the path to the storage (multipath -ll, iscsiadm -m session, nvme list-subsys): a "
            "lost path of a few seconds is enough"
        ),
        "Unmount and run e2fsck -f; a plain remount is refused",
    ),
    confused_with=(
        "ext4-remount-read-only: what ext4 does with it",
        "jbd2-io-error: an error that jbd2 noticed; not every one aborts",
    ),
    example="[ 8412.018800] Aborting journal on device sdb1-8.",
    near_miss="[ 8412.018800] JBD2: recovery pass 2 ended",
)
