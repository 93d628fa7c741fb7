"""The journal of an ext4 or OCFS2 file system cannot be replayed because it is damaged."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """A damaged transaction is named with its number between the words that say so."""
    if reading.fields.get("transaction") is not None:
        reading.fields["reason"] = "transaction is corrupt"


KIND = Kind(
    id="jbd2-journal-corrupt",
    title="JBD2: journal cannot be loaded: {reason}",
    class_="storage",
    severity="error",
    subsystem="jbd2",
    patterns=(
        Pattern(
            literal="JBD2: journal transaction ",
            regex=(
                r"JBD2: journal transaction (?P<transaction>\d+) on (?P<device>dm-\d+|[^\s-]+)(?:-\d+)? "
                "is (?P<reason>corrupt)"
            ),
            printed=("JBD2: journal transaction %u on %s is corrupt.",),
        ),
        # Not in 6.1; the release that brought it is between 6.2 and 6.12.
        Pattern(
            literal="JBD2: journal recovery failed",
            regex="JBD2: (?P<reason>journal recovery failed)",
            since="6.12",
        ),
        Pattern(
            literal="JBD2: journal checksum error",
            regex="JBD2: (?P<reason>journal checksum error)",
        ),
        Pattern(
            literal="JBD2: corrupted journal superblock",
            regex="JBD2: (?P<reason>corrupted journal superblock)",
        ),
        Pattern(
            literal="JBD2: no valid journal superblock found",
            regex="JBD2: (?P<reason>no valid journal superblock found)",
        ),
        Pattern(
            literal="JBD2: Invalid checksum recovering",
            regex=r"JBD2: (?P<reason>Invalid checksum recovering)(?: data)? block (?P<block>\d+) in log",
            printed=("JBD2: Invalid checksum recovering ",),
        ),
    ),
    fields=(
        Field("reason", "str", "what is wrong with the journal"),
        Field("device", "str", "block device as the journal names it"),
        Field("transaction", "int", "number of the damaged transaction"),
        Field("block", "int", "block of the journal"),
    ),
    key=("reason",),
    read=read,
    printed_by=(
        "fs/jbd2/journal.c:jbd2_journal_load",
        "fs/jbd2/journal.c:journal_load_superblock",
        "fs/jbd2/recovery.c:do_one_pass",
        "fs/jbd2/recovery.c:jbd2_journal_recover",
    ),
    meaning=(
        "At mount the log holds a superblock, a transaction or a block whose checksum or magic "
        "does not fit. The mount is refused: replaying a damaged log would spread the damage. It "
        "comes from a device that acknowledged writes it never made (volatile cache without power "
        "protection), from a torn image or snapshot, or from a disk going bad. A transaction that "
        "is merely incomplete is normal after a crash and not reported this way."
    ),
    next_steps=(
        "Image the device before anything that writes",
        "dumpe2fs -h /dev/DEVICE | grep -i journal",
        "e2fsck -f discards the damaged journal: what it held is lost, the rest is checked",
        (
            "Ask whether the storage honours flushes: cat /sys/block/DISK/queue/write_cache, "
            "hypervisor cache mode, controller battery"
        ),
    ),
    confused_with=(
        "jbd2-io-error: the journal could not be read at all",
        "ext4-recovery: the replay worked",
    ),
    example=(
        "[    4.200117] JBD2: journal transaction 118823 on vdb-8 is corrupt.\n"
        "[    4.200431] EXT4-fs (vdb): error loading journal"
    ),
    near_miss="[    4.200117] JBD2: journal file too short 1024,4096",
)
