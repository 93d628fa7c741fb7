"""ext4 met something that it does not treat as damage but that somebody should know of."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_WHERE = re.compile(r"EXT4-fs warning \(device [^\s)]+\): (?P<function>\w+)(?::\d+)?:")


def read(reading: Reading) -> None:
    """The function that reported it stands in the message; there is no stack."""
    if where := _WHERE.match(reading.texts[0]):
        reading.function = where["function"]
        reading.function_reason = "named by the message"


KIND = Kind(
    id="ext4-warning",
    title="EXT4-fs warning in {function}",
    title_without_function="EXT4-fs warning",
    class_="storage",
    severity="warning",
    subsystem="ext4",
    patterns=(
        Pattern(
            literal="EXT4-fs warning (device ",
            regex=(
                r"EXT4-fs warning \(device (?P<device>[^\s)]+)\): \w+(?::(?P<source_line>\d+))?: (?:inode "
                r"#(?P<inode>\d+): )?(?:comm (?P<comm>.{1,24}?): )?(?P<message>.*)"
            ),
            printed=(
                "EXT4-fs warning (device %s): %s:%d: %pV",
                "EXT4-fs warning (device %s): %s:%d: inode #%lu: comm %s: %pV",
            ),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field("source_line", "int", "line of the kernel source that reported it"),
        Field("inode", "int", "inode number"),
        Field("comm", "str", "name of the process that ran into it"),
        Field("message", "str", "what was found"),
    ),
    read=read,
    printed_by=(
        "fs/ext4/super.c:__ext4_warning",
        "fs/ext4/super.c:__ext4_warning_inode",
    ),
    meaning=(
        "ext4 reports a state it can live with: a directory index that is full "
        "(ext4_dx_add_entry: Directory index full!), an I/O error on writing back a page of a "
        "file (ext4_end_bio: I/O error), a failed multiple-mount-protection check, or a resize "
        "that was refused. Nothing is written to the superblock's error record. Some of them "
        "still cost data or service: ext4_end_bio means that file contents were not written, and "
        "a full directory index means that creating files fails with ENOSPC on a disk with room."
    ),
    next_steps=(
        "Read the function and the message: they name the condition",
        "For ext4_end_bio look for the block device's error just before it",
        ("For 'Directory index full' count the entries of the directory and consider the large_dir feature"),
        "For ext4_multi_mount_protect find out which other machine has the device mounted",
    ),
    confused_with=(
        "ext4-error: recorded in the superblock and acted upon (errors=)",
        "buffer-io-error: the same lost write seen from the buffer cache",
    ),
    example=(
        "[91022.410007] EXT4-fs warning (device dm-3): ext4_dx_add_entry:2525: Directory (ino: "
        "9175041) index full, reach max htree level :2"
    ),
    near_miss="[    3.104420] EXT4-fs (sda2): warning: mounting unchecked fs, running e2fsck is recommended",
)
