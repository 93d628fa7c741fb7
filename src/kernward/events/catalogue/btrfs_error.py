"""Btrfs met an error that it cannot undo, and names the function where."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_WHERE = re.compile(r"\) in (?P<function>\w+):\d+:")


def read(reading: Reading) -> None:
    """The function stands in the message as a name; there is no stack to look at."""
    if where := _WHERE.search(reading.texts[0]):
        reading.function = where["function"]
        reading.function_reason = "named by the message"


KIND = Kind(
    id="btrfs-error",
    title="BTRFS: error in {function}: {error}",
    title_without_function="BTRFS: error: {error}",
    class_="storage",
    severity="error",
    subsystem="btrfs",
    patterns=(
        Pattern(
            literal="BTRFS: error (device ",
            regex=(
                r"BTRFS: error \(device (?P<device>[^\s):]+)(?::? state (?P<state>\w+))?\) in "
                r"\w+:(?P<source_line>\d+): errno=(?P<errno>-?\d+) (?P<error>[^(]+?)(?: "
                r"\((?P<detail>.*)\))?$"
            ),
            printed=("BTRFS: error (device %s%s) in %s:%d: errno=%d %s",),
        ),
    ),
    fields=(
        Field("device", "str", "file system, by the device it was mounted from"),
        Field("state", "str", "state letters: E error, A transaction aborted, R remounting, …"),
        Field("source_line", "int", "line of the kernel source"),
        Field("errno", "int", "errno, negative"),
        Field("error", "str", "the errno in words"),
        Field("detail", "str", "what more was said"),
    ),
    key=("errno",),
    read=read,
    printed_by=(
        "fs/btrfs/messages.c:__btrfs_handle_fs_error",
        "fs/btrfs/super.c:__btrfs_handle_fs_error",
    ),
    meaning=(
        "A step that must not fail in the middle failed, so Btrfs marks the file system as "
        "damaged and makes it read-only. The errno is the key: -28 (No space left) is metadata "
        "space used up although df shows room; -5 (IO failure) the device; -117 (Filesystem "
        "corrupted) bad metadata; -2 and -17 (No such entry, Object already exists) "
        "contradictions between trees, from bugs or memory errors. What was not committed is "
        "lost; the last committed transaction is intact."
    ),
    next_steps=(
        (
            "The lines before: corrupt leaf, checksum, transid or device errors, and the stack of the "
            "aborted transaction"
        ),
        "btrfs filesystem usage MOUNTPOINT: unallocated space and how full metadata is, for -28",
        "Unmount, btrfs check --readonly /dev/DEVICE",
        "Mount with -o ro,rescue=all to copy data off if a normal mount fails",
    ),
    confused_with=(
        "btrfs-read-only: the line that says the file system became read-only",
        "btrfs-transaction-aborted: the point where the transaction was given up, before this",
    ),
    example=(
        "[ 7300.114010] BTRFS: error (device dm-1: state A) in btrfs_run_delayed_refs:2150: "
        "errno=-28 No space left"
    ),
    near_miss="[ 7300.114010] BTRFS error (device dm-1): open_ctree failed: -22",
)
