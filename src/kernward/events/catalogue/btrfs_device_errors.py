"""A device of a Btrfs file system collected an error; the line has its counters."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="btrfs-device-errors",
    title="BTRFS: device errors",
    class_="storage",
    severity="error",
    subsystem="btrfs",
    patterns=(
        Pattern(
            literal=" errs: wr ",
            regex=(
                r"BTRFS (?:error|warning) \(device (?P<device>[^\s):]+)(?::? state \w+)?\): bdev "
                r"(?P<member>\S+) errs: wr (?P<write_errors>\d+), rd (?P<read_errors>\d+), flush "
                r"(?P<flush_errors>\d+), corrupt (?P<corruption_errors>\d+), gen "
                r"(?P<generation_errors>\d+)"
            ),
            printed=("bdev %s errs: wr %u, rd %u, flush %u, corrupt %u, gen %u",),
        ),
    ),
    fields=(
        Field("device", "str", "file system, by the device it was mounted from"),
        Field("member", "str", "the device that failed"),
        Field("write_errors", "int", "failed writes since the counters were reset"),
        Field("read_errors", "int", "failed reads"),
        Field("flush_errors", "int", "failed cache flushes"),
        Field("corruption_errors", "int", "checksum mismatches"),
        Field("generation_errors", "int", "blocks of an older generation than expected: lost writes"),
    ),
    printed_by=("fs/btrfs/volumes.c:btrfs_dev_stat_inc_and_print",),
    meaning=(
        "Btrfs counts errors for each of its devices, keeps the counters on disk and prints them "
        "each time one grows. Read and write errors come from the device. Corruption errors are "
        "data that came back without an I/O error but wrong: bad disk, bad cable, bad memory. "
        "Generation errors are writes that the device acknowledged and never made. With a "
        "redundant profile the data is repaired from the other copy; with single or RAID0 it is "
        "lost. The same text at level info, printed at mount, is only the old counters."
    ),
    next_steps=(
        "btrfs device stats MOUNTPOINT over time: which counter grows",
        "btrfs scrub start -Bd MOUNTPOINT finds and repairs what can be repaired",
        ("smartctl -x of the member; many corruption errors on all members point at memory or controller"),
        ("btrfs replace start for a member that keeps failing; btrfs device stats -z after the repair"),
    ),
    confused_with=(
        "btrfs-checksum-failed: names the file and the offset of one mismatch",
        "block-io-error: the request that the device failed",
    ),
    example=(
        "[ 7100.220014] BTRFS error (device sdb1): bdev /dev/sdc1 errs: wr 0, rd 0, flush 0, corrupt 3, gen 0"
    ),
    near_miss=(
        "[    5.220014] BTRFS info (device sdb1): bdev /dev/sdc1 errs: wr 0, rd 0, flush 0, corrupt 3, gen 0"
    ),
)
