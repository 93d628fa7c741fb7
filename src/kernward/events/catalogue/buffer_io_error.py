"""A block in the buffer cache could not be read or written back."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Many of these lines do not say what was lost."""
    if reading.fields.get("effect") is None:
        reading.title = "Buffer I/O error"


KIND = Kind(
    id="buffer-io-error",
    title="Buffer I/O error: {effect}",
    class_="storage",
    severity="error",
    subsystem="block",
    patterns=(
        Pattern(
            literal="Buffer I/O error on dev ",
            regex=(
                r"Buffer I/O error on dev (?!fd\d)(?P<device>[^\s,]+), logical block (?P<block>\d+)(?:, "
                r"(?P<effect>[\w ]+))?"
            ),
            since="3.19",
            printed=("Buffer I/O error on dev %pg, logical block %llu%s",),
        ),
        # Before 3.19 the only form; ext4's page writeback still has it.
        Pattern(
            literal="Buffer I/O error on device ",
            regex=r"Buffer I/O error on device (?!fd\d)(?P<device>[^\s,]+), logical block (?P<block>\d+)",
            printed=("Buffer I/O error on device %pg, logical block %llu",),
        ),
        Pattern(
            literal="lost page write due to I/O error on ",
            regex=r"(?P<effect>lost page write) due to I/O error on (?P<device>\S+)",
            until="3.18",
        ),
    ),
    fields=(
        Field("device", "str", "block device (partition) of the block"),
        Field("block", "int", "block number in the device, in units of the file system's block size"),
        Field(
            "effect",
            "str",
            (
                "what was lost: lost async page write, lost sync page write, async page read; absent for "
                "a plain failure"
            ),
        ),
    ),
    key=("effect",),
    read=read,
    printed_by=(
        "fs/buffer.c:buffer_io_error",
        "fs/ext4/page-io.c:buffer_io_error",
    ),
    meaning=(
        "The block layer failed a request for a block of the buffer cache: file system metadata, "
        "a file's data or the raw device. 'lost async page write' and 'lost sync page write' mean "
        "that what a process had written is gone although write() returned success; only fsync() "
        "or a later close may have told it. Reads are repeated by whoever needs them. The number "
        "is in units of the block size, not sectors."
    ),
    next_steps=(
        "The block layer's own line just before names sector, operation and class",
        (
            "For a lost write: which file (debugfs -R 'icheck BLOCK' then 'ncheck INODE'), and did "
            "the application fsync"
        ),
        ("If the device was unplugged or its path lost, expect thousands of these: count devices, not lines"),
        "findmnt: has the file system become read-only",
    ),
    confused_with=(
        "block-io-error: the request that failed; one of them covers many of these",
        "jbd2-io-error: the same for data flushed before a commit",
    ),
    example="[ 8412.000114] Buffer I/O error on dev sdb1, logical block 122096388, lost async page write",
    near_miss="[    2.000114] Buffer I/O error on dev fd0, logical block 0, async page read",
)
