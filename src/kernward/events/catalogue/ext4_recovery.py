"""ext4 replayed its journal at mount: the file system had not been unmounted cleanly."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ext4-recovery",
    title="EXT4-fs: recovery complete",
    class_="state",
    severity="info",
    subsystem="ext4",
    patterns=(
        Pattern(
            literal="): recovery complete",
            regex=r"EXT4-fs \((?P<device>[^\s)]+)\): recovery complete",
            printed=("recovery complete",),
        ),
    ),
    fields=(Field("device", "str", "block device as the file system names it"),),
    printed_by=("fs/ext4/super.c:__ext4_fill_super",),
    meaning=(
        "At mount ext4 found committed transactions in the journal that had not reached their "
        "place, and wrote them there. That is the normal end of an unclean shutdown: a crash, a "
        "power failure, a reset, a kexec or a volume detached in use. Nothing is lost that had "
        "been synced. Its worth is as evidence: a boot without a clean shutdown before it."
    ),
    next_steps=(
        (
            "Look at the end of the previous boot (journalctl -b -1 -e, pstore, the console's log) "
            "for why it ended"
        ),
        "Count it over the fleet: a rise means machines that die silently",
        "If it appears with errors of jbd2, run e2fsck -f before trusting the file system",
    ),
    confused_with=(
        "jbd2-journal-corrupt: the replay failed",
        "xfs-recovery: the same for XFS",
    ),
    example=(
        "[    2.981120] EXT4-fs (sda2): INFO: recovery required on readonly filesystem\n"
        "[    2.981133] EXT4-fs (sda2): write access will be enabled during recovery\n"
        "[    3.208117] EXT4-fs (sda2): recovery complete"
    ),
    near_miss="[    3.211871] EXT4-fs (sda2): orphan cleanup on readonly fs",
)
