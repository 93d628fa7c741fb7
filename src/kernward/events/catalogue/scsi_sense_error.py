"""A SCSI command failed: the host's verdict and, where the device answered, its sense data."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The device's sense data says more than the adapter; without it there is the adapter's verdict."""
    fields = reading.fields
    for name in ("sense_key", "additional_sense"):
        if fields.get(name):
            fields[name] = fields[name].strip()
    said = [fields[name] for name in ("sense_key", "additional_sense") if fields.get(name)]
    fields["problem"] = (
        ": ".join(said) if said else f"command failed: {fields.get('host_byte') or 'no sense'}"
    )


KIND = Kind(
    id="scsi-sense-error",
    title="SCSI: {problem}",
    class_="storage",
    severity="error",
    subsystem="scsi",
    patterns=(
        Pattern(
            literal="FAILED Result: ",
            regex=(
                r"(?:sd|st|sr|ses|scsi|ch|osst|sg) (?P<address>\d+:\d+:\d+:\d+): "
                r"(?:\[(?P<device>[^\]]+)\] )?(?:tag#(?P<tag>\d+) )?FAILED Result: "
                r"hostbyte=(?P<host_byte>\w+) driverbyte=(?P<driver_byte>\w+)(?: cmd_age=(?P<age_s>\d+)s)?"
            ),
            printed=(
                "Result: ",
                "hostbyte=%s ",
                "driverbyte=DRIVER_OK ",
                "FAILED",
            ),
        ),
        # Result and sense follow on lines of their own.
        Pattern(
            literal="Unhandled ",
            regex=(
                r"(?:sd|st|sr|ses|scsi|ch|osst|sg) (?P<address>\d+:\d+:\d+:\d+): "
                r"(?:\[(?P<device>[^\]]+)\] )?Unhandled (?:sense|error) code"
            ),
            until="3.18",
        ),
    ),
    fields=(
        Field("address", "str", "SCSI address, host:channel:target:lun"),
        Field("device", "str", "disk (sda)"),
        Field("tag", "int", "tag of the command"),
        Field(
            "host_byte",
            "str",
            "the adapter's verdict: DID_OK, DID_TIME_OUT, DID_NO_CONNECT, DID_TRANSPORT_DISRUPTED, …",
        ),
        Field("driver_byte", "str", "DRIVER_OK, in old kernels also DRIVER_SENSE, DRIVER_TIMEOUT"),
        Field("age_s", "int", "time since the command was issued"),
        Field(
            "sense_key",
            "str",
            "the device's verdict: Medium Error, Hardware Error, Aborted Command, Not Ready, …",
        ),
        Field("additional_sense", "str", "the device's detail, in words or as ASC/ASCQ"),
        Field("operation", "str", "the command: Read(10), Write(16), Synchronize Cache(10), …"),
        Field("cdb", "str", "the command's bytes"),
        Field("problem", "str", "what the title says: sense key and detail, else the host byte"),
    ),
    key=(
        "host_byte",
        "sense_key",
        "additional_sense",
    ),
    continues=(
        r"\w+ \d+:\d+:\d+:\d+: (?:\[[^\]]+\] )?(?:tag#\d+ )?Sense Key : (?P<sense_key>[\w ]+?) \[",
        r"\w+ \d+:\d+:\d+:\d+: (?:\[[^\]]+\] )?(?:tag#\d+ )?Add\. Sense: (?P<additional_sense>.+)",
        r"\w+ \d+:\d+:\d+:\d+: (?:\[[^\]]+\] )?(?:tag#\d+ )?<<vendor>>(?P<additional_sense>ASC=.+)",
        (
            r"\w+ \d+:\d+:\d+:\d+: (?:\[[^\]]+\] )?(?:tag#\d+ )?CDB: (?P<operation>[A-Za-z][\w "
            r"]*(?:\(\d+\))?(?:/\w+)?)(?:,? ?(?P<cdb>[0-9a-f]{2}(?: [0-9a-f]{2})*))?"
        ),
        r"\w+ \d+:\d+:\d+:\d+: (?:\[[^\]]+\] ) ?(?:tag#\d+ )?Result: hostbyte=(?P<host_byte>\w+)",
    ),
    reach=8,
    read=read,
    printed_by=(
        "drivers/scsi/scsi_logging.c:scsi_print_result",
        "drivers/scsi/scsi_logging.c:scsi_print_sense",
        "drivers/scsi/scsi_logging.c:scsi_print_command",
    ),
    meaning=(
        "A command to a SCSI device (SATA, SAS, FC, iSCSI, USB and many RAID and virtual disks "
        "are SCSI here) ended with an error and will not be retried. hostbyte is the adapter's "
        "verdict: DID_OK means that the device itself answered, and its answer is the sense key; "
        "DID_NO_CONNECT and DID_TRANSPORT_* mean that the path is gone, DID_TIME_OUT that nothing "
        "came back, DID_SOFT_ERROR that the adapter wants a retry. Medium Error is the disk's "
        "surface, Hardware Error the disk or enclosure, Aborted Command with ASC 0x47 the cable, "
        "Not Ready a device that is starting or being taken away, Data Protect a write to "
        "something read-only."
    ),
    next_steps=(
        "smartctl -x /dev/DISK for Medium and Hardware Errors: pending, reallocated, error log",
        (
            "Path errors on several disks at once: HBA, expander, cable, fabric; look for the "
            "driver's own messages and link events"
        ),
        "multipath -ll, sg_ses --page=aes for the enclosure, the array's event log",
        "sg_decode_sense and the CDB for vendor codes; the CDB's address tells the block",
    ),
    confused_with=(
        "block-io-error: the same failure one layer up, printed right after",
        "scsi-offline-device: commands are no longer sent at all",
        "scsi-timeout: the kernel gave up retrying",
    ),
    example=(
        "[ 8411.980100] sd 2:0:0:0: [sdb] tag#12 FAILED Result: hostbyte=DID_OK "
        "driverbyte=DRIVER_OK cmd_age=3s\n"
        "[ 8411.980107] sd 2:0:0:0: [sdb] tag#12 Sense Key : Medium Error [current] \n"
        "[ 8411.980111] sd 2:0:0:0: [sdb] tag#12 Add. Sense: Unrecovered read error\n"
        "[ 8411.980115] sd 2:0:0:0: [sdb] tag#12 CDB: Read(10) 28 00 3a 38 60 20 00 00 08 00\n"
        "[ 8411.990201] critical medium error, dev sdb, sector 976773152 op 0x0:(READ) flags "
        "0x80700 phys_seg 8 prio class 2"
    ),
    near_miss="[ 8411.980107] sd 2:0:0:0: [sdb] Sense Key : Unit Attention [current] ",
)
