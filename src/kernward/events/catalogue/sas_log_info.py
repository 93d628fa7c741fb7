"""A SAS host adapter's firmware reports an event on a link or a device, as a vendor's code."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="sas-log-info",
    title="mpt3sas: log_info({code})",
    class_="storage",
    severity="warning",
    subsystem="scsi",
    patterns=(
        Pattern(
            literal=": log_info(0x",
            regex=(
                r"(?P<adapter>mpt\d?sas_cm\d+|mpt2sas\d+|ioc\d+|mptbase: \w+): "
                r"log_info\((?P<code>0x[0-9a-f]+)\): originator\((?P<originator>\w+)\), "
                r"code\((?P<group>0x[0-9a-f]+)\), sub_code\((?P<detail>0x[0-9a-f]+)\)"
            ),
            printed=("%s: log_info(0x%08x): originator(%s), code(0x%02x), sub_code(0x%04x)",),
        ),
    ),
    fields=(
        Field("adapter", "str", "adapter (mpt3sas_cm0)"),
        Field("code", "str", "the whole code"),
        Field("originator", "str", "IOP, PL (protocol layer) or IR (integrated RAID)"),
        Field("group", "hex", "code of the event group"),
        Field("detail", "hex", "sub code"),
    ),
    key=("code",),
    continues=(r"(?:mpt\d?sas_cm\d+|mpt2sas\d+): log_info\(0x",),
    reach=6,
    absorbs=("sas-log-info",),
    printed_by=("drivers/scsi/mpt3sas/mpt3sas_base.c:_base_sas_log_info",),
    meaning=(
        "The adapter's firmware aborted or retried something and says why. Common ones: "
        "0x31110d00 and 0x31110d01 a command was open when a reset or a cable event came; "
        "0x31120303 an abort was requested; 0x31080000 an NCQ command failed on a SATA disk; "
        "0x31110e0x a link dropped. A few are harmless; a stream of them from one slot announces "
        "a disk, a cable or an expander that fails."
    ),
    next_steps=(
        "The SCSI errors around it name the disk",
        (
            "Link error counters: /sys/class/sas_phy/phy-*/invalid_dword_count, "
            "loss_of_dword_sync_count; sg_logs --page=0x18"
        ),
        "Firmware and driver of the adapter (lsiutil, sas3flash -list)",
    ),
    confused_with=(
        "scsi-sense-error: the command's own error",
        "scsi-controller-fault: the firmware stopped",
    ),
    example=(
        "[40210.330010] mpt3sas_cm0: log_info(0x31110d01): originator(PL), code(0x11), sub_code(0x0d01)"
    ),
    near_miss="[   40.330010] mpt3sas_cm0: LSISAS3008: FWVersion(16.00.10.00), ChipRevision(0x02)",
)
