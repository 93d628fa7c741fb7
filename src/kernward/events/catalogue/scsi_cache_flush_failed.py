"""A disk did not confirm that its write cache reached the medium."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="scsi-cache-flush-failed",
    title="SCSI: Synchronize Cache failed",
    class_="storage",
    severity="error",
    subsystem="scsi",
    patterns=(
        Pattern(
            literal="Synchronize Cache(10) failed",
            regex=(
                r"sd (?P<address>\d+:\d+:\d+:\d+): \[(?P<device>[^\]]+)\] Synchronize Cache\(10\) "
                r"failed(?:: Result: hostbyte=(?P<host_byte>\w+))?"
            ),
            printed=("Synchronize Cache(10) failed",),
        ),
    ),
    fields=(
        Field("address", "str", "SCSI address, host:channel:target:lun"),
        Field("device", "str", "disk (sda)"),
        Field("host_byte", "str", "the adapter's verdict"),
    ),
    key=("host_byte",),
    printed_by=("drivers/scsi/sd.c:sd_sync_cache",),
    meaning=(
        "At shutdown, suspend or removal the kernel asks the disk to write its cache out, and "
        "that failed. If the disk was pulled or its path is gone (DID_NO_CONNECT) that is only a "
        "consequence. If the disk is there, data it had acknowledged may be lost when power goes. "
        "USB disks that were unplugged without unmounting print it every time."
    ),
    next_steps=(
        "Was the disk removed on purpose",
        "What was mounted from it; check that file system",
        "smartctl -x if the disk is still there",
    ),
    confused_with=("scsi-sense-error: an ordinary request that failed",),
    example=(
        "[40310.330010] sd 3:0:0:0: [sdd] Synchronize Cache(10) failed: Result: "
        "hostbyte=DID_NO_CONNECT driverbyte=DRIVER_OK"
    ),
    near_miss="[40310.330010] sd 3:0:0:0: [sdd] Synchronizing SCSI cache",
)
