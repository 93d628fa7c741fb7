"""A SCSI disk is offline: the kernel rejects requests to it without sending them."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="scsi-offline-device",
    title="SCSI: I/O rejected: device is {state}",
    class_="storage",
    severity="error",
    subsystem="scsi",
    patterns=(
        Pattern(
            literal="rejecting I/O to offline device",
            regex=(
                r"(?:sd|st|sr|ses|scsi|ch|osst|sg) (?P<address>\d+:\d+:\d+:\d+): "
                r"(?:\[(?P<device>[^\]]+)\] )?rejecting I/O to (?P<state>offline) device"
            ),
            printed=("rejecting I/O to offline device",),
        ),
        Pattern(
            literal="rejecting I/O to dead device",
            regex=(
                r"(?:sd|st|sr|ses|scsi|ch|osst|sg) (?P<address>\d+:\d+:\d+:\d+): "
                r"(?:\[(?P<device>[^\]]+)\] )?rejecting I/O to (?P<state>dead) device"
            ),
            printed=("rejecting I/O to dead device",),
        ),
        Pattern(
            literal="Device offlined - ",
            regex=(
                r"(?:sd|st|sr|ses|scsi|ch|osst|sg) (?P<address>\d+:\d+:\d+:\d+): "
                r"(?:\[(?P<device>[^\]]+)\] )?Device (?P<state>offline)d - not ready after error recovery"
            ),
            printed=("Device offlined - not ready after error recovery",),
        ),
    ),
    fields=(
        Field("address", "str", "SCSI address, host:channel:target:lun"),
        Field("device", "str", "disk (sda)"),
        Field("state", "str", "offline: error recovery gave up; dead: the device is being removed"),
    ),
    key=("state",),
    printed_by=(
        "drivers/scsi/scsi_lib.c:scsi_device_state_check",
        "drivers/scsi/scsi_error.c:scsi_eh_offline_sdevs",
    ),
    meaning=(
        "Error recovery (abort, device, target, bus and host reset) did not bring the device "
        "back, so it was set offline; or the transport removed it. From then on each request "
        "fails at once. It stays so until someone sets it running again or the device is "
        "rescanned: nothing retries by itself. File systems on it shut down or become read-only; "
        "with multipath the other paths take over."
    ),
    next_steps=(
        "The lines before tell why recovery started: timeouts, resets, link events",
        ("cat /sys/block/sdX/device/state; is the disk there physically (enclosure, HBA tool, array)"),
        (
            "echo running > /sys/block/sdX/device/state once the cause is gone, or rescan: echo '- - "
            "-' > /sys/class/scsi_host/hostN/scan"
        ),
        "What was on it: findmnt, cat /proc/mdstat, multipath -ll",
    ),
    confused_with=(
        "scsi-sense-error: the device answered, with an error",
        "fc-remote-port-timeout: the fabric lost the whole port",
    ),
    example=(
        "[ 8520.101010] sd 2:0:0:0: Device offlined - not ready after error recovery\n"
        "[ 8520.101090] sd 2:0:0:0: rejecting I/O to offline device"
    ),
    near_miss="[ 8520.101010] sd 2:0:0:0: [sdb] Attached SCSI disk",
)
