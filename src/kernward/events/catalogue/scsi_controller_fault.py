"""A storage adapter's firmware faulted, locked up or was taken offline."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """mpt3sas names its adapter, not itself."""
    if reading.fields.get("driver") is None:
        adapter = reading.fields.get("adapter") or ""
        reading.fields["driver"] = adapter.split("_")[0] or "unknown"


KIND = Kind(
    id="scsi-controller-fault",
    title="SCSI: controller fault ({driver})",
    class_="storage",
    severity="error",
    subsystem="scsi",
    patterns=(
        Pattern(
            literal="FW in FAULT state",
            regex=(
                r"(?P<driver>megaraid_sas) (?P<adapter>\S+): (?:SR-IOV )?(?:Found )?FW in FAULT state,? "
                "Fault code:(?P<code>0x[0-9a-f]+) subcode:(?P<subcode>0x[0-9a-f]+)"
            ),
            printed=("FW in FAULT state Fault code:0x%x subcode:0x%x func:%s",),
        ),
        Pattern(
            literal=": fault_state(0x",
            regex=r"(?P<adapter>mpt\d?sas_cm\d+): fault_state\((?P<code>0x[0-9a-f]+)\)!",
            printed=("%s: fault_state(0x%04x)!",),
        ),
        Pattern(
            literal="controller lockup detected",
            regex=(
                r"(?P<driver>hpsa) (?P<adapter>\S+): (?:Controller lockup detected: "
                "(?P<code>0x[0-9a-f]+)|.{0,80}controller lockup detected)"
            ),
            printed=("controller lockup detected",),
        ),
        Pattern(
            literal="Controller lockup detected: 0x",
            regex=r"(?P<driver>hpsa) (?P<adapter>\S+): Controller lockup detected: (?P<code>0x[0-9a-f]+)",
            printed=("Controller lockup detected: 0x%08x after %d",),
        ),
        # 6.1 prints 'controller offline' alone.
        Pattern(
            literal="controller offline: reason code",
            regex=(
                r"(?P<driver>smartpqi) (?P<adapter>\S+): controller offline: reason code "
                "(?P<code>0x[0-9a-f]+)"
            ),
            since="6.12",
            printed=("controller offline: reason code 0x%x (%s)",),
        ),
        Pattern(
            literal="ISP System Error - mbx1=",
            regex=(
                r"(?P<driver>qla2xxx) \[(?P<adapter>[^\]]+)\]-\w+:\d+: ISP System Error - "
                "mbx1=(?P<code>[0-9a-f]+)h?"
            ),
            printed=("ISP System Error - mbx1=%xh mbx2=%xh mbx3=%xh",),
        ),
        Pattern(
            literal="Host adapter BLINK LED",
            regex=r"(?P<driver>aacraid)\d*: Host adapter BLINK LED (?P<code>0x[0-9a-f]+)",
            printed=("%s: Host adapter BLINK LED 0x%x",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the adapter"),
        Field("adapter", "str", "PCI address or name of the adapter"),
        Field("code", "hex", "fault code, the vendor's"),
        Field("subcode", "hex", "fault subcode"),
    ),
    key=(
        "driver",
        "code",
    ),
    read=read,
    printed_by=(
        "drivers/scsi/megaraid/megaraid_sas_fusion.c:megasas_check_reset_fusion",
        "drivers/scsi/mpt3sas/mpt3sas_base.c:mpt3sas_base_fault_info",
        "drivers/scsi/hpsa.c:controller_lockup_detected",
        "drivers/scsi/smartpqi/smartpqi_init.c:pqi_take_ctrl_offline",
        "drivers/scsi/qla2xxx/qla_isr.c:qla2x00_async_event",
        "drivers/scsi/aacraid/commsup.c:aac_check_health",
    ),
    meaning=(
        "The adapter stopped working: its firmware reported a fault, stopped answering, or the "
        "driver declared it dead. Most drivers reset it once; every disk behind it stands still "
        "meanwhile, and if the reset fails all of them are gone. It is rarely the kernel's doing: "
        "firmware, overheating, a bad disk or expander that upsets the firmware, or a PCIe error."
    ),
    next_steps=(
        "Did the reset succeed: 'Reset successful', 'diag reset: SUCCESS', or disks going offline",
        "dmesg | grep -iE 'AER|PCIe' before it; the adapter's temperature",
        (
            "Save the firmware log (storcli /c0 show all, show termlog; arcconf savesupportarchive; "
            "ssacli) before a reboot"
        ),
        (
            "Firmware version against the vendor's notes for that code; the same code on several "
            "machines is firmware"
        ),
    ),
    confused_with=(
        "scsi-task-abort: one command; the adapter works",
        "nvme-controller-down: the same for NVMe",
    ),
    example=(
        "[ 5510.200110] megaraid_sas 0000:17:00.0: FW in FAULT state Fault code:0x10000 "
        "subcode:0x0 func:megasas_wait_for_outstanding_fusion"
    ),
    near_miss="[    5.200110] megaraid_sas 0000:17:00.0: FW now in Ready state",
)
