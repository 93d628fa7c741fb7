"""A SCSI command got no answer in time and the driver was told to abort it or to reset something."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Some drivers' words leave out the action, others the driver."""
    fields = reading.fields
    action = (fields.get("action") or "task abort").lower()
    fields["action"] = (
        "adapter reset" if action == "fusion adapter" else "command abort" if action == "abort" else action
    )
    if fields.get("driver") is None:
        if reading.texts[0].startswith("mptscsih"):
            fields["driver"] = "mptscsih"
        else:
            reading.title = "SCSI: {action}"


KIND = Kind(
    id="scsi-task-abort",
    title="SCSI: {action} ({driver})",
    class_="storage",
    severity="warning",
    subsystem="scsi",
    patterns=(
        # mpt3sas and megaraid_sas share the words.
        Pattern(
            literal="attempting task abort!",
            regex=(
                r"(?:sd|st|ses|scsi|sr|enclosure)? ?(?P<address>\d+:\d+:\d+:\d+): "
                r"(?:\[(?P<device>[^\]]+)\] )?attempting (?P<action>task abort)! ?scmd\("
            ),
            printed=("attempting task abort!",),
        ),
        Pattern(
            literal="attempting device reset!",
            regex=(
                r"(?:sd|st|ses|scsi|sr|enclosure)? ?(?P<address>\d+:\d+:\d+:\d+): "
                r"(?:\[(?P<device>[^\]]+)\] )?attempting (?P<action>device reset)! ?scmd\("
            ),
            printed=("attempting device reset! scmd(0x%p)",),
        ),
        Pattern(
            literal="attempting target reset! scmd(",
            regex=(
                r"(?:sd|st|ses|scsi|sr|target|enclosure)?\s?(?P<address>\d+:\d+:\d+(?::\d+)?): "
                r"(?:\[(?P<device>[^\]]+)\] )?attempting (?P<action>target reset)! ?scmd\("
            ),
            printed=("attempting target reset! scmd(0x%p)",),
        ),
        Pattern(
            literal="attempting host reset! scmd(",
            regex=r"(?P<adapter>mpt\d?sas_cm\d+): attempting (?P<action>host reset)! scmd\(",
            printed=("%s: attempting host reset! scmd(0x%p)",),
        ),
        Pattern(
            literal=" uas_eh_abort_handler ",
            regex=(
                r"sd (?P<address>\d+:\d+:\d+:\d+): (?:\[(?P<device>[^\]]+)\] )?(?:tag#\d+ "
                r")?(?P<driver>uas)_eh_abort_handler \d+ uas-tag \d+ inflight:"
            ),
            printed=("uas_eh_abort_handler",),
        ),
        Pattern(
            literal="mptscsih: ",
            regex=(
                r"mptscsih: (?P<adapter>\w+): attempting (?P<action>task abort|target reset|bus "
                "reset|host reset)!"
            ),
            printed=("mptscsih: %s: attempting task abort! (sc=%p)",),
        ),
        Pattern(
            literal="Abort command issued nexus=",
            regex=(
                r"(?P<driver>qla2xxx) \[(?P<adapter>[^\]]+)\]-\w+:\d+: Abort command issued "
                r"nexus=(?P<address>[\d:]+) -- "
            ),
            printed=("Abort command issued nexus=%ld:%d:%llu -- %x.",),
        ),
        Pattern(
            literal=" RESET ISSUED nexus=",
            regex=(
                r"(?P<driver>qla2xxx) \[(?P<adapter>[^\]]+)\]-\w+:\d+: (?P<action>DEVICE RESET|ADAPTER "
                r"RESET|TARGET RESET|BUS RESET) ISSUED nexus=(?P<address>[\d:]+)"
            ),
            printed=("ADAPTER RESET ISSUED nexus=%ld:%d:%llu.",),
        ),
        Pattern(
            literal="Host adapter abort request",
            regex="(?P<driver>aacraid): Host adapter (?P<action>abort) request",
            printed=("%s: Host adapter abort request",),
        ),
        Pattern(
            literal="reset request. SCSI hang ?",
            regex=r"(?P<driver>aacraid): Host (?P<action>(?:device|target|bus) reset) request\. SCSI hang \?",
            printed=("%s: Host bus reset request. SCSI hang ?",),
        ),
        Pattern(
            literal="resetting fusion adapter scsi",
            regex=r"(?P<driver>megaraid_sas) (?P<adapter>\S+): resetting (?P<action>fusion adapter) scsi\d+",
            printed=("resetting fusion adapter scsi%d.",),
        ),
        # Not in this form in 6.1.
        Pattern(
            literal="SCSI cmd at ",
            regex=r"(?P<driver>smartpqi) (?P<adapter>\S+): resetting scsi (?P<address>[\d:]+) SCSI cmd at ",
            since="6.12",
            printed=("resetting scsi %d:%d:%d:%u SCSI cmd at %p due to cmd opcode 0x%02x",),
        ),
    ),
    fields=(
        Field("action", "str", "what is being tried: task abort, device reset, host reset, …"),
        Field("driver", "str", "driver, where the message names it"),
        Field("adapter", "str", "PCI address or name of the adapter"),
        Field("address", "str", "SCSI address, host:channel:target:lun"),
        Field("device", "str", "disk (sda)"),
    ),
    key=(
        "action",
        "driver",
    ),
    read=read,
    printed_by=(
        "drivers/scsi/mpt3sas/mpt3sas_scsih.c:scsih_abort",
        "drivers/scsi/megaraid/megaraid_sas_fusion.c:megasas_task_abort_fusion",
        "drivers/scsi/qla2xxx/qla_os.c:qla2xxx_eh_abort",
        "drivers/scsi/aacraid/linit.c:aac_eh_abort",
        "drivers/scsi/smartpqi/smartpqi_init.c:pqi_device_reset_handler",
    ),
    meaning=(
        "A command was outstanding longer than its timeout (30 s by default), so the SCSI layer "
        "starts recovery: first it aborts the command, then it resets the device, the target, the "
        "bus and at last the whole adapter. While recovery runs, the host is blocked and "
        "everything behind the adapter stands still; tasks may show as hung. One abort now and "
        "then is a disk in deep error recovery; many on one disk are a dying disk, on all disks "
        "of an adapter its firmware, an expander or the cabling."
    ),
    next_steps=(
        "Does it end well: look for SUCCESS or FAILED, and for 'Device offlined'",
        "One disk or all: count the addresses",
        ("smartctl -x of the disk; SCT error recovery time (smartctl -l scterc) below the kernel's timeout"),
        ("Adapter and expander firmware, the adapter's event log (storcli, sas3ircu, arcconf, ssacli)"),
    ),
    confused_with=(
        "scsi-controller-fault: the adapter itself stopped",
        "ata-exception: the same for disks on the machine's own SATA ports",
        "scsi-offline-device: recovery failed and the device is given up",
    ),
    example=(
        "[ 7771.310020] sd 0:0:5:0: attempting task abort!scmd(0x00000000a1d2c3b4), outstanding "
        "for 30412 ms & timeout 30000 ms"
    ),
    near_miss="[ 7771.310020] sd 0:0:5:0: task abort: SUCCESS scmd(0x00000000a1d2c3b4)",
)
