"""An NVMe device answered a read or a write with an error status."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

# Kernels built without CONFIG_NVME_VERBOSE_ERRORS say "I/O Cmd" and "I/O Error" for all of them; the
# words are those of drivers/nvme/host/constants.c, so that both kinds of kernel give one title.
_COMMANDS = {
    0x0: "Flush",
    0x1: "Write",
    0x2: "Read",
    0x4: "Write Uncorrectable",
    0x5: "Compare",
    0x8: "Write Zeroes",
    0x9: "Dataset Management",
    0xC: "Verify",
    0x7D: "Zone Append",
}
_STATUS = {
    (0, 0x04): "Data Transfer Error",
    (0, 0x06): "Internal Error",
    (0, 0x07): "Command Abort Requested",
    (0, 0x0B): "Invalid Namespace or Format",
    (0, 0x80): "LBA Out of Range",
    (0, 0x82): "Namespace Not Ready",
    (2, 0x80): "Write Fault",
    (2, 0x81): "Unrecovered Read Error",
    (2, 0x82): "End-to-end Guard Check Error",
    (2, 0x83): "End-to-end Application Tag Check Error",
    (2, 0x84): "End-to-end Reference Tag Check Error",
    (2, 0x85): "Compare Failure",
    (2, 0x86): "Access Denied",
    (3, 0x00): "Internal Pathing Error",
    (3, 0x60): "Controller Pathing Error",
    (3, 0x70): "Host Pathing Error",
    (3, 0x71): "Host Aborted Command",
}


def read(reading: Reading) -> None:
    """Name command and status by their numbers where the kernel did not."""
    fields = reading.fields
    if fields["operation"] == "I/O Cmd":
        fields["operation"] = _COMMANDS.get(fields["opcode"], "I/O Cmd")
    if fields["status"] == "I/O Error":
        fields["status"] = _STATUS.get((fields["status_type"], fields["status_code"]), "I/O Error")


KIND = Kind(
    id="nvme-command-error",
    title="nvme: {status} on {operation}",
    class_="storage",
    severity="error",
    subsystem="nvme",
    patterns=(
        Pattern(
            literal=" @ LBA ",
            regex=(
                r"(?P<device>nvme\w+): (?P<operation>[\w /]+)\(0x(?P<opcode>[0-9a-f]+)\) @ LBA "
                r"(?P<lba>\d+), (?P<blocks>\d+) blocks, (?P<status>[^(]+?) \(sct "
                r"0x(?P<status_type>[0-9a-f]+) / sc 0x(?P<status_code>[0-9a-f]+)\)(?: (?P<more>MORE))?(?: "
                "(?P<do_not_retry>DNR))?"
            ),
            since="5.18",
            printed=("blocks, %s (sct 0x%x / sc 0x%x) %s%s",),
        ),
    ),
    fields=(
        Field("device", "str", "namespace (nvme0n1)"),
        Field("operation", "str", "command: Read, Write, Flush, …"),
        Field("opcode", "hex", "opcode of the command"),
        Field("lba", "int", "first logical block, in units of the namespace's block size"),
        Field("blocks", "int", "number of logical blocks"),
        Field("status", "str", "the status in words; 'I/O Error' where the kernel was built without them"),
        Field(
            "status_type",
            "hex",
            "status code type: 0 generic, 1 command specific, 2 media and data integrity, 3 path",
        ),
        Field("status_code", "hex", "status code within the type"),
        Field("more", "str", "set if the device has more in its error log"),
        Field("do_not_retry", "str", "set if the device says that a retry will not help"),
    ),
    key=(
        "operation",
        "status_type",
        "status_code",
    ),
    read=read,
    printed_by=("drivers/nvme/host/core.c:nvme_log_error",),
    meaning=(
        "The device completed a command with an error status and the kernel had no retry left or "
        "was told not to retry. Type 0x2 is the medium: 0x81 an unrecovered read, 0x80 a write "
        "fault, 0x82 to 0x84 protection information. Type 0x0 is the command or the controller "
        "(0x6 internal error, 0x7 aborted, 0x80 LBA out of range). Type 0x3 is the path, which "
        "multipath retries elsewhere. DNR means that the same command will fail again."
    ),
    next_steps=(
        "nvme smart-log /dev/nvmeX: media_errors, critical_warning, available_spare",
        "nvme error-log /dev/nvmeX when MORE is set",
        "Type 0x2 at one LBA: rewrite or relocate that file; at many: replace the drive",
        "LBA out of range after a resize or with a wrong block size: nvme id-ns",
    ),
    confused_with=(
        "block-io-error: the same request one layer up, printed right after",
        "nvme-timeout: no answer at all",
    ),
    example=(
        "[31200.450112] nvme0n1: Read(0x2) @ LBA 1953525160, 8 blocks, Unrecovered Read Error "
        "(sct 0x2 / sc 0x81) DNR \n"
        "[31200.450120] critical medium error, dev nvme0n1, sector 1953525160 op 0x0:(READ) "
        "flags 0x80700 phys_seg 1 prio class 2"
    ),
    near_miss="[   31.450112] nvme0: Identify(0x6), Invalid Field in Command (sct 0x0 / sc 0x2) MORE DNR",
)
