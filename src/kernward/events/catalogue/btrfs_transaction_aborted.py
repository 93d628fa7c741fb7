"""Btrfs gave up a transaction; the message beside the stack trace."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="btrfs-transaction-aborted",
    title="BTRFS: transaction aborted ({errno})",
    class_="storage",
    severity="error",
    subsystem="btrfs",
    patterns=(
        Pattern(
            literal="Transaction aborted (error ",
            regex=(
                r"BTRFS (?:error|critical) \(device (?P<device>[^\s):]+)(?::? state \w+)?\): Transaction "
                r"aborted \(error (?P<errno>-?\d+)\)"
            ),
            printed=("Transaction aborted (error %d)",),
        ),
    ),
    fields=(
        Field("device", "str", "file system, by the device it was mounted from"),
        Field("errno", "int", "errno, negative"),
    ),
    key=("errno",),
    printed_by=("fs/btrfs/transaction.h:btrfs_abort_transaction",),
    meaning=(
        "Inside a transaction a step failed that cannot be undone, so the whole transaction is "
        "thrown away and the file system becomes read-only. For most errnos the kernel also "
        "prints a warning with a stack; for -5, -30 and -117 only this line. Nothing that was "
        "committed before is lost. The error in words and the function follow on the next line."
    ),
    next_steps=(
        "The next line, 'BTRFS: error … in FUNCTION:LINE', has the place",
        "The lines before have the reason: devices, checksums, corrupt leaves",
        "btrfs filesystem usage for -28",
    ),
    confused_with=(
        "btrfs-error: the line with function and errno in words, right after",
        "btrfs-read-only: the consequence, printed after this line",
    ),
    example="[ 7300.114000] BTRFS error (device dm-1: state A): Transaction aborted (error -28)",
    near_miss="[ 7300.114000] BTRFS warning (device dm-1: state A): Skipping commit of aborted transaction.",
)
