"""A block device failed a request: read, write, flush or discard, with the class of the failure."""

from kernward.events.kind import Field, Kind, Pattern

# The block layer's classes of failure; "operation not supported" is a kind of its own.
_ERROR = (
    r"(?P<error>I/O|timeout|critical (?:medium|target|nexus|space allocation)|recoverable transport|"
    r"protection|kernel resource|device resource|nonblocking retry|device offline|reservation conflict|"
    r"dm internal retry|open zones exceeded|active zones exceeded|duration limit exceeded|invalid) error, "
    # A floppy drive that is not there fails its first read on every boot of some virtual machines.
    r"dev (?!fd\d)(?P<device>[^\s,]+), sector (?P<sector>\d+)"
)
_OPERATION = (
    r" op 0x[0-9a-f]+:\((?P<operation>\w+)\) flags 0x(?P<flags>[0-9a-f]+) phys_seg (?P<segments>\d+) "
    r"prio class (?P<priority_class>\d+)"
)

KIND = Kind(
    id="block-io-error",
    title="block: {error} error",
    class_="storage",
    severity="error",
    subsystem="block",
    patterns=(
        # Without a function's name since blk_print_req_error() replaced print_req_error().
        Pattern(
            literal=" error, dev ",
            regex=_ERROR + _OPERATION,
            since="5.16",
            printed=("%s error, dev %s, sector %llu op 0x%x:(%s) flags 0x%x phys_seg %u prio class %u",),
        ),
        # With the operation since 'block: improve print_req_error'.
        Pattern(
            literal="blk_update_request: ",
            regex="blk_update_request: " + _ERROR + _OPERATION,
            since="5.3",
            until="5.15",
        ),
        Pattern(
            literal="print_req_error: ",
            regex="print_req_error: " + _ERROR + r"(?: flags (?P<flags>[0-9a-f]+))?",
            since="4.13",
            until="5.2",
        ),
        Pattern(
            literal="blk_update_request: ",
            regex="blk_update_request: " + _ERROR + "(?! op )",
            since="3.19",
            until="4.12",
        ),
        Pattern(
            literal="end_request: ",
            regex="end_request: " + _ERROR,
            until="3.18",
        ),
    ),
    fields=(
        Field(
            "error",
            "str",
            (
                "class of the failure in the block layer's words: I/O, critical medium, critical target, "
                "timeout, …"
            ),
        ),
        Field("device", "str", "disk (sda, nvme0n1, dm-3)"),
        Field("sector", "int", "first sector of the request, of 512 bytes"),
        Field("operation", "str", "READ, WRITE, FLUSH, DISCARD, WRITE_ZEROES, ZONE_APPEND, …"),
        Field(
            "flags",
            "hex",
            (
                "flags of the request (REQ_SYNC, REQ_META, REQ_FUA, REQ_RAHEAD, … in "
                "include/linux/blk_types.h)"
            ),
        ),
        Field("segments", "int", "physical segments of the request"),
        Field("priority_class", "int", "I/O priority class: 0 none, 1 real time, 2 best effort, 3 idle"),
    ),
    key=("error",),
    printed_by=(
        "block/blk-mq.c:blk_print_req_error",
        "block/blk-core.c:blk_errors",
    ),
    meaning=(
        "The driver completed a request with an error after all its retries, and whoever asked "
        "now gets it: a file system, a RAID, swap or a process. The class says who is to blame: "
        "'critical medium' is the disk's own verdict that it cannot read that place; 'critical "
        "target' is a command it refuses; 'timeout' and 'recoverable transport' are the path to "
        "it; 'critical space allocation' is a thin device that is full; 'I/O' is everything else, "
        "often a device that is gone. READ errors cost the data of those sectors, WRITE errors "
        "what was being written. Lines are rate-limited, so their number is a lower bound."
    ),
    next_steps=(
        "Read the driver's own lines just before: sense key, NVMe status or ATA exception say why",
        (
            "One sector again and again: bad medium; many devices at once: controller, cable, "
            "expander, fabric or hypervisor"
        ),
        (
            "smartctl -x /dev/DISK (pending and reallocated sectors, interface CRC) or nvme smart-log "
            "and error-log"
        ),
        (
            "Which file: for a partition subtract its start, then debugfs icheck/ncheck or xfs_db; "
            "lsblk for what lies above"
        ),
        (
            "multipath -ll, cat /proc/mdstat, findmnt: has redundancy covered it, has something "
            "become read-only"
        ),
    ),
    confused_with=(
        "buffer-io-error: the same failure one layer up, in blocks of the file system",
        "scsi-sense-error: what the SCSI device answered; printed before this line",
        "nvme-command-error: what the NVMe device answered",
        "block-operation-unsupported: the device does not know the command; harmless",
    ),
    example=(
        "[ 8411.990201] critical medium error, dev sdb, sector 976773152 op 0x0:(READ) flags "
        "0x80700 phys_seg 8 prio class 2"
    ),
    near_miss=(
        "[    1.990201] operation not supported error, dev loop0, sector 2048 op "
        "0x9:(WRITE_ZEROES) flags 0x800 phys_seg 0 prio class 0"
    ),
)
