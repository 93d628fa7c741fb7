"""A command on a SATA or PATA port failed or timed out; libata's report of it."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_DETAIL = tuple(
    re.compile(text)
    for text in (
        r"ata\d+(?:\.\d+)?: failed command: (?P<command>[\w /]+)",
        r"res [0-9a-f]{2}/.{1,60} Emask 0x[0-9a-f]+ \((?P<reason>[\w ]+)\)",
        r"ata\d+(?:\.\d+)?: status: \{ (?P<status>[^}]*?) \}",
        r"ata\d+(?:\.\d+)?: error: \{ (?P<error>[^}]*?) \}",
        r"ata\d+(?:\.\d+)?: SError: \{ (?P<link_errors>[^}]*?) \}",
    )
)
_DETAILS = ("command", "reason", "status", "error", "link_errors")
# The lines of one exception are printed in one go; the recovery after it takes longer.
_ONE_REPORT_S = 0.4


def read(reading: Reading) -> None:
    """The fields of this exception only: the next one may follow within reach.

    Port-wide exceptions have no failed command, and truncated logs no result line.
    """
    began = reading.lines[0].monotonic_s
    for name in _DETAILS:
        reading.fields[name] = None
    for line in reading.lines[1:]:
        if began is not None and line.monotonic_s is not None and line.monotonic_s - began > _ONE_REPORT_S:
            break
        for detail in _DETAIL:
            if found := detail.match(line.text.lstrip()):
                for name, text in found.groupdict().items():
                    if reading.fields.get(name) is None:
                        reading.fields[name] = text
    reason, command = reading.fields.get("reason"), reading.fields.get("command")
    if not reason or not command:
        reading.title = f"ata: {reason or command}" if reason or command else "ata: exception"


KIND = Kind(
    id="ata-exception",
    title="ata: {reason}: {command}",
    class_="storage",
    severity="error",
    subsystem="libata",
    patterns=(
        Pattern(
            literal=": exception Emask 0x",
            regex=(
                r"ata(?P<port>\d+)(?:\.(?P<device_number>\d+))?: exception Emask "
                "(?P<error_mask>0x[0-9a-f]+) SAct (?P<active_tags>0x[0-9a-f]+) SErr "
                "(?P<link_error>0x[0-9a-f]+) action 0x[0-9a-f]+(?: (?P<frozen>frozen))?"
            ),
            printed=("exception Emask 0x%x SAct 0x%x SErr 0x%x action 0x%x%s%s",),
        ),
    ),
    fields=(
        Field("port", "int", "ATA port; ls -l /sys/block shows which disk it is"),
        Field("device_number", "int", "device on that port: 0 except behind a port multiplier or on PATA"),
        Field("error_mask", "hex", "AC_ERR_* bits"),
        Field("active_tags", "hex", "NCQ tags in flight"),
        Field("link_error", "hex", "SError register; other than 0: errors on the cable"),
        Field("frozen", "str", "set if the port was stopped"),
        Field("command", "str", "first failed command"),
        Field(
            "reason",
            "str",
            (
                "libata's verdict: timeout, media error, ATA bus error, device error, HSM violation, host "
                "bus error, internal error"
            ),
        ),
        Field("status", "str", "status register, in words"),
        Field("error", "str", "error register, in words (UNC, IDNF, ICRC, ABRT)"),
        Field("link_errors", "str", "SError, in words"),
    ),
    key=(
        "reason",
        "error",
    ),
    continues=(
        r"ata\d+(?:\.\d+)?: (?:failed command: |cmd [0-9a-f]{2}/|status: \{|error: \{|SError: \{)",
        r"\s*res [0-9a-f]{2}/",
        r"ata\d+(?:\.\d+)?: (?:irq_stat|edma_err|BMDMA|Waking|hot|connection)",
    ),
    reach=14,
    read=read,
    printed_by=("drivers/ata/libata-eh.c:ata_eh_link_report",),
    meaning=(
        "libata's error handler stopped the port and looked at what failed. 'timeout' with DRDY "
        "is a disk that did not answer in time; 'media error' with UNC an unreadable sector; 'ATA "
        "bus error' with ICRC or SError bits a bad cable, backplane or power; 'device error' with "
        "ABRT a command the disk refuses. It resets the link and tries again, at lower speed in "
        "the end, and disables the device when nothing helps. Each round stops the port for "
        "seconds."
    ),
    next_steps=(
        (
            "smartctl -x /dev/DISK: pending sectors for UNC, UDMA_CRC_Error_Count and phy event "
            "counters for the link"
        ),
        "ls -l /sys/block/*/device | grep ataN/ names the disk of the port",
        (
            "Bus errors: reseat or replace cable, backplane slot, power; timeouts on many ports: "
            "controller or power supply"
        ),
        "Is SCT error recovery on (smartctl -l scterc) for disks in a RAID",
        (
            "Repeated timeouts of one model with NCQ or link power management: libata.force=N:noncq "
            "or med_power_with_dipm off, as an experiment"
        ),
    ),
    confused_with=(
        "ata-reset-failed: the link does not come back",
        "scsi-sense-error: the same failure in SCSI terms, printed after it",
        "ata-device-disabled: the end of it, when no reset helps",
    ),
    example=(
        "[10022.501002] ata3.00: exception Emask 0x0 SAct 0x40000000 SErr 0x0 action 0x6 frozen\n"
        "[10022.501011] ata3.00: failed command: READ FPDMA QUEUED\n"
        "[10022.501020] ata3.00: cmd 60/08:f0:08:9d:1c/00:00:3a:00:00/40 tag 30 ncq dma 4096 in\n"
        "         res 40/00:00:00:00:00/00:00:00:00:00/00 Emask 0x4 (timeout)\n"
        "[10022.501030] ata3.00: status: { DRDY }\n"
        "[10022.501040] ata3: hard resetting link"
    ),
    near_miss="[    1.501002] ata3: SATA link down (SStatus 0 SControl 300)",
)
