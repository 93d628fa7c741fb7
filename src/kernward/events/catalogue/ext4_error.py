"""An ext4 file system found itself inconsistent, or could not read its own metadata."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_WHERE = re.compile(r"EXT4-fs error \(device [^\s)]+\)(?::| in) (?P<function>\w+)(?::\d+)?:")


def read(reading: Reading) -> None:
    """The function that reported it stands in the message; there is no stack."""
    if where := _WHERE.match(reading.texts[0]):
        reading.function = where["function"]
        reading.function_reason = "named by the message"


KIND = Kind(
    id="ext4-error",
    title="EXT4-fs error in {function}",
    title_without_function="EXT4-fs error",
    class_="storage",
    severity="error",
    subsystem="ext4",
    patterns=(
        Pattern(
            literal="EXT4-fs error (device ",
            regex=(
                r"EXT4-fs error \(device (?P<device>[^\s)]+)\): \w+(?::(?P<source_line>\d+))?: (?:group "
                r"(?P<group>\d+), )?(?:inode #?(?P<inode>\d+): )?(?:block (?P<block>\d+): ?)?(?:comm "
                "(?P<comm>.{1,24}?): )?(?:path (?P<path>.{1,255}?): )?(?P<message>.*)"
            ),
            printed=(
                "EXT4-fs error (device %s): %s:%d: comm %s: %pV",
                "EXT4-fs error (device %s): %s:%d: inode #%lu: ",
                "EXT4-fs error (device %s): %s:%d: group %u, ",
            ),
        ),
        # ext4_std_error(): an errno in words (IO failure, Journal has aborted, Corrupt
        # filesystem).
        Pattern(
            literal="EXT4-fs error (device ",
            regex=(
                r"EXT4-fs error \(device (?P<device>[^\s)]+)\) in \w+(?::(?P<source_line>\d+))?: "
                "(?P<message>.*)"
            ),
            printed=("EXT4-fs error (device %s) in %s:%d: %s",),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it (sda1, dm-0, nvme0n1p2)"),
        Field("source_line", "int", "line of the kernel source that reported it"),
        Field("group", "int", "block group"),
        Field("inode", "int", "inode number"),
        Field("block", "int", "file system block"),
        Field("comm", "str", "name of the process that ran into it"),
        Field("path", "str", "path of the file, where it was known"),
        Field("message", "str", "what was found to be wrong"),
    ),
    read=read,
    printed_by=(
        "fs/ext4/super.c:__ext4_error",
        "fs/ext4/super.c:__ext4_error_inode",
        "fs/ext4/super.c:__ext4_error_file",
        "fs/ext4/super.c:__ext4_std_error",
        "fs/ext4/super.c:__ext4_grp_locked_error",
    ),
    meaning=(
        "ext4 read something from the disk, or computed something, that contradicts its own "
        "rules: a checksum, a bitmap, an extent tree, a directory entry; or the device failed the "
        "read. The error is recorded in the superblock, so the next mount and e2fsck know of it. "
        "Depending on errors= the file system goes on, is remounted read-only or panics the "
        "machine. Usual causes are a failing or lying disk, a write cache lost on power failure, "
        "two machines mounting one volume, memory corruption, and rarely a bug in ext4. With 'IO "
        "failure' or 'Journal has aborted' the cause is below or before this line."
    ),
    next_steps=(
        (
            "Look for I/O errors on the same device before this line: dmesg | grep -E 'I/O "
            "error|critical|Sense Key|nvme'"
        ),
        ("tune2fs -l /dev/DEVICE | grep -iE 'error|state' shows the first and the last recorded error"),
        (
            "Unmount and run e2fsck -fn /dev/DEVICE (reads only) before any repair; image the device "
            "first if the data matters"
        ),
        ("smartctl -x or nvme smart-log of the disk below; for a virtual disk ask who else has it attached"),
        (
            "Compare function and message over the fleet: the same function on many disks points at "
            "the kernel, on one at hardware"
        ),
    ),
    confused_with=(
        "ext4-warning: the file system goes on and nothing is recorded as an error",
        "ext4-remount-read-only: the consequence of this error under errors=remount-ro",
        ("block-io-error: the device failed the request; ext4 only reports what it could not read or write"),
    ),
    example=(
        "[ 8412.019332] EXT4-fs error (device sdb1): ext4_find_entry:1683: inode #131073: comm "
        "rsync: reading directory lblock 0\n"
        "[ 8412.020114] EXT4-fs error (device sdb1) in ext4_reserve_inode_write:5764: Journal has aborted"
    ),
    near_miss="[ 8412.030012] EXT4-fs error: 12 callbacks suppressed",
)
