"""A SCSI device reports that something about it changed: a reset, its capacity, its parameters."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="scsi-unit-attention",
    title="SCSI: unit attention: {change}",
    class_="state",
    severity="info",
    subsystem="scsi",
    patterns=(
        Pattern(
            literal="Power-on or device reset occurred",
            regex=(
                r"\w+ (?P<address>\d+:\d+:\d+:\d+): (?:\[(?P<device>[^\]]+)\] )?(?P<change>Power-on or "
                "device reset) occurred"
            ),
            printed=("Power-on or device reset occurred",),
        ),
        Pattern(
            literal="LUN reached a thin provisioning soft threshold",
            regex=(
                r"\w+ (?P<address>\d+:\d+:\d+:\d+): (?:\[(?P<device>[^\]]+)\] )?Warning! Received an "
                "indication that the LUN reached a (?P<change>thin provisioning soft threshold)"
            ),
            printed=("LUN reached a thin provisioning soft threshold.",),
        ),
        Pattern(
            literal="LUN assignments on this target have changed",
            regex=(
                r"\w+ (?P<address>\d+:\d+:\d+:\d+): (?:\[(?P<device>[^\]]+)\] )?Warning! Received an "
                "indication that the (?P<change>LUN assignments) on this target have changed"
            ),
            printed=("LUN assignments on this target have changed.",),
        ),
    ),
    fields=(
        Field("address", "str", "SCSI address, host:channel:target:lun"),
        Field("device", "str", "disk (sda)"),
        Field("change", "str", "what changed"),
    ),
    key=("change",),
    printed_by=("drivers/scsi/scsi_error.c:scsi_report_sense",),
    meaning=(
        "The device answered a command with the sense key Unit Attention, which is no error: it "
        "tells the host that something happened since the last command. A reset after boot is "
        "normal for disks behind host bus adapters. Later it means that the disk lost power, "
        "reset itself, or that the adapter or another host reset it. The thin provisioning "
        "threshold means that the array's pool is filling up."
    ),
    next_steps=(
        ("At boot: nothing. Later: the adapter's messages around it, and the disk's power and cables"),
        "Several disks at once: expander, enclosure power, adapter reset",
        "For the threshold: the array's free space",
    ),
    confused_with=("scsi-task-abort: the kernel asked for the reset itself",),
    example="[40110.330010] sd 0:0:7:0: Power-on or device reset occurred",
    near_miss="[40110.330010] sd 0:0:7:0: [sdh] Attached SCSI disk",
)
