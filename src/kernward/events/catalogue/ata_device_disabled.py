"""libata gave a disk up after error recovery."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ata-device-disabled",
    title="ata: device disabled",
    class_="storage",
    severity="error",
    subsystem="libata",
    patterns=(
        # 'disabled' in older kernels.
        Pattern(
            literal=": disable device",
            regex=r"ata(?P<port>\d+)\.(?P<device_number>\d+): disable device",
            since="5.17",
            printed=("disable device",),
        ),
        Pattern(
            literal=".00: disabled",
            regex=r"ata(?P<port>\d+)\.(?P<device_number>\d+): disabled$",
            until="5.16",
        ),
    ),
    fields=(
        Field("port", "int", "ATA port"),
        Field("device_number", "int", "device on that port"),
    ),
    printed_by=("drivers/ata/libata-eh.c:ata_dev_disable",),
    meaning=(
        "All tries to reset and identify the disk failed, so libata stops using it. Its SCSI disk "
        "remains for a moment and rejects everything, then it is removed. Whatever was on it "
        "fails: file systems shut down or become read-only, arrays degrade. It does not come back "
        "without a rescan of the port or a power cycle."
    ),
    next_steps=(
        "What was on it: findmnt, cat /proc/mdstat, pvs",
        "echo '- - -' > /sys/class/scsi_host/hostN/scan once the disk is seated and powered",
        "smartctl -x in another slot before it is used again",
    ),
    confused_with=(
        "ata-reset-failed: the tries before it",
        "scsi-offline-device: the requests that are rejected now",
    ),
    example="[10093.101009] ata3.00: disable device",
    near_miss="[    1.101009] ata3.00: LPM support broken, forcing max_power",
)
