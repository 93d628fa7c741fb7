"""XFS replays its log at mount: the file system had not been unmounted cleanly."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="xfs-recovery",
    title="XFS: log recovery",
    class_="state",
    severity="info",
    subsystem="xfs",
    patterns=(
        Pattern(
            literal="Starting recovery (logdev: ",
            regex=r"XFS \((?P<device>[^\s)]+)\): Starting recovery \(logdev: (?P<log>[^)]*)\)",
            printed=("Starting recovery (logdev: %s)",),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field("log", "str", "internal, or the name of the external log device"),
    ),
    printed_by=("fs/xfs/xfs_log_recover.c:xlog_recover",),
    meaning=(
        "The log held transactions that had not reached their places, and XFS writes them there "
        "before the mount completes. That is the normal end of an unclean shutdown. Its worth is "
        "as evidence: the previous boot did not end with an unmount. A recovery that does not "
        "reach 'Ending recovery' hangs or failed."
    ),
    next_steps=(
        ("Look at the end of the previous boot (journalctl -b -1 -e, pstore, console) for why it ended"),
        "Is 'Ending recovery' there; if not, look for hung tasks and I/O errors",
        "Count it over the fleet: a rise means machines that die silently",
    ),
    confused_with=(
        "xfs-log-corrupt: the replay was refused",
        "ext4-recovery: the same for ext4",
    ),
    example=(
        "[    3.440020] XFS (vda3): Starting recovery (logdev: internal)\n"
        "[    3.610441] XFS (vda3): Ending recovery (logdev: internal)"
    ),
    near_miss="[    3.440020] XFS (vda3): Ending clean mount",
)
