"""A block device does not know an optional command; the caller does without it."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="block-operation-unsupported",
    title="block: {operation} not supported",
    class_="state",
    severity="info",
    subsystem="block",
    patterns=(
        Pattern(
            literal="operation not supported error, dev ",
            regex=(
                r"(?:blk_update_request: )?operation not supported error, dev (?P<device>[^\s,]+), sector "
                r"(?P<sector>\d+) op 0x[0-9a-f]+:\((?P<operation>\w+)\) flags 0x(?P<flags>[0-9a-f]+)"
            ),
            since="5.3",
            printed=(
                "%s error, dev %s, sector %llu op 0x%x:(%s)",
                "operation not supported",
            ),
        ),
    ),
    fields=(
        Field("device", "str", "disk (loop0, sda)"),
        Field("sector", "int", "first sector, of 512 bytes"),
        Field("operation", "str", "the command: WRITE_ZEROES, DISCARD, SECURE_ERASE"),
        Field("flags", "hex", "flags of the request"),
    ),
    key=("operation",),
    printed_by=("block/blk-mq.c:blk_print_req_error",),
    meaning=(
        "A discard or a write of zeroes was sent to a device that claimed to support it and then "
        "refused. The block layer writes zeroes the slow way, or the file system stops "
        "discarding; no data is lost. It is typical of loop devices on file systems without hole "
        "punching, of device-mapper stacks and of some virtual disks. It is worth a look only "
        "when it repeats, because each try costs time."
    ),
    next_steps=(
        (
            "cat /sys/block/DEVICE/queue/discard_max_bytes and write_zeroes_max_bytes: 0 means that "
            "the kernel has learnt"
        ),
        "If it repeats, drop the discard mount option or fstrim for this device",
        "For loop devices look at the file system below the image",
    ),
    confused_with=("block-io-error: every other class: the data is concerned",),
    example=(
        "[   12.990201] operation not supported error, dev loop0, sector 2048 op "
        "0x9:(WRITE_ZEROES) flags 0x800 phys_seg 0 prio class 0"
    ),
    near_miss=(
        "[   12.990201] I/O error, dev loop0, sector 2048 op 0x9:(WRITE_ZEROES) flags 0x800 "
        "phys_seg 0 prio class 0"
    ),
)
