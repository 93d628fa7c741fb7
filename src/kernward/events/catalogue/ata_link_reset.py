"""libata resets a port's link to recover from an error or to see what is plugged in."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ata-link-reset",
    title="ata: link reset",
    class_="storage",
    severity="warning",
    subsystem="libata",
    patterns=(
        Pattern(
            literal="resetting link",
            regex=r"ata(?P<port>\d+)(?:\.(?P<device_number>\d+))?: (?P<reset>hard|soft) resetting link",
            printed=("hard resetting link",),
        ),
    ),
    fields=(
        Field("port", "int", "ATA port"),
        Field("device_number", "int", "device on that port"),
        Field("reset", "str", "hard: the link itself; soft: the device through a working link"),
    ),
    printed_by=("drivers/ata/libata-eh.c:ata_eh_reset",),
    meaning=(
        "The error handler resets the link of a port. That is a step of recovery after an "
        "exception, or the answer to a disk being plugged in or pulled. The port stands still for "
        "a second or more. Alone and rare it is harmless; in series it shows a bad cable, a disk "
        "that hangs or a power problem. 'SATA link down' after it means that the disk is gone."
    ),
    next_steps=(
        "The ata exception before it says why; none means hotplug",
        "Count per port and day; smartctl -x: UDMA_CRC_Error_Count and phy event counters",
        "After it: link up at which speed, or 'reset failed'",
    ),
    confused_with=(
        "ata-exception: the error that asks for it",
        "ata-reset-failed: it did not work",
    ),
    example="[10022.501040] ata3: hard resetting link",
    near_miss="[    1.501002] ata3: SATA link down (SStatus 0 SControl 300)",
)
