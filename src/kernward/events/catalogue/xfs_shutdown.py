"""XFS shut a file system down: from now on every operation on it fails."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_WHERE = re.compile(r" detected at (?P<function>\w+)[\w.]*\+0x")
_FORCED_BY_USER = 0x4


def read(reading: Reading) -> None:
    """Since 5.15 the message has the place that asked for the shutdown, and flags."""
    if (reading.fields.get("flags") or 0) & _FORCED_BY_USER:
        reading.fields["reason"] = "User initiated shutdown"
    reading.file = reading.fields.get("source_file")
    reading.line = reading.fields.get("source_line")
    if where := _WHERE.search(reading.texts[0]):
        reading.function = where["function"]
        reading.function_reason = "named by the message as the place that shut it down"


KIND = Kind(
    id="xfs-shutdown",
    title="XFS: shutdown: {reason}",
    class_="storage",
    severity="error",
    subsystem="xfs",
    patterns=(
        # One format for all reasons; the exact release is between 5.13 and 5.15.
        Pattern(
            literal="Shutting down filesystem",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): (?P<reason>Corruption of in-memory data|Corruption of "
                "on-disk metadata|Log I/O Error|Metadata I/O Error|Block device removal|I/O Error) "
                r"\((?P<flags>0x[0-9a-f]+)\) detected at (?:[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+(?: "
                r"\[xfs\])?|0x[0-9a-f]+) \((?P<source_file>[\w./-]+):(?P<source_line>\d+)\)\.  Shutting "
                "down filesystem"
            ),
            since="5.15",
            printed=(
                "%s (0x%x) detected at %pS (%s:%d).  Shutting down filesystem.",
                "Corruption of in-memory data",
            ),
        ),
        Pattern(
            literal="Shutting down filesystem",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): (?P<reason>Corruption of in-memory data|Log I/O Error|I/O "
                r"Error) [Dd]etected\.? ? ?Shutting down filesystem"
            ),
            until="5.14",
        ),
        # Since 5.15 this is a line of its own before the one above, whose flags say so too.
        Pattern(
            literal="User initiated shutdown received",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): (?P<reason>User initiated shutdown) received\. Shutting "
                "down filesystem"
            ),
            until="5.14",
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field("reason", "str", "why it was shut down"),
        Field(
            "flags",
            "hex",
            (
                "SHUTDOWN_* flags (0x1 metadata I/O, 0x2 log I/O, 0x4 forced by a user, 0x8 corruption in "
                "memory, 0x10 on disk, 0x20 device removed)"
            ),
        ),
        Field("source_file", "str", "file of the caller, as compiled in"),
        Field("source_line", "int", "line of the caller"),
    ),
    key=("reason",),
    continues=(r"XFS \([^\s)]+\): Please un?mount the filesystem",),
    reach=3,
    read=read,
    printed_by=("fs/xfs/xfs_fsops.c:xfs_do_force_shutdown",),
    meaning=(
        "XFS cannot go on without risking the disk's consistency and stops all modification; "
        "reads and writes fail with EIO until the file system is unmounted. For the root file "
        "system the machine is as good as dead, though it answers pings. Corruption of in-memory "
        "data means that a transaction could not be completed or undone; Log I/O Error and "
        "Metadata I/O Error mean that the device refused writes, usually because it is gone. "
        "'User initiated' is an administrator, a test or a snapshot tool (xfs_freeze -x, "
        "XFS_IOC_GOINGDOWN)."
    ),
    next_steps=(
        "The first XFS or block error before this line is the cause",
        ("Is the device back (lsblk, multipath -ll, nvme list): unmount, mount; the log is replayed"),
        ("For corruption: unmount, mount once to replay the log, unmount, xfs_repair -n, then xfs_repair"),
        (
            "For Corruption of in-memory data without any error before it: look for a kernel bug with "
            "the named function, and for memory errors"
        ),
    ),
    confused_with=(
        "xfs-log-io-error: the write that failed just before",
        "xfs-metadata-corruption: a single bad block; the file system may go on",
    ),
    example=(
        "[ 5012.660061] XFS (dm-5): Corruption of in-memory data (0x8) detected at "
        "xfs_trans_cancel+0x12d/0x150 [xfs] (fs/xfs/xfs_trans.c:1096).  Shutting down filesystem.\n"
        "[ 5012.660062] XFS (dm-5): Please unmount the filesystem and rectify the problem(s)"
    ),
    near_miss="[ 5012.660062] XFS (dm-5): Unmounting Filesystem 1f2d0d5e-93ab-4a4c-8f2b-0e8a8a0f3b6d",
)
