"""A SATA disk takes longer than the SCSI layer's time-out."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK, stalled_reads, unthrottled

FAULT = Fault(
    name="sata-timeout",
    title="a SATA disk does not answer in time",
    doc=(
        "A SATA disk becomes so slow that a command takes longer than its time-out. libata freezes the port, "
        "resets the link and tries again."
    ),
    group="storage",
    parameters=(
        Parameter("bytes_per_s", 8192, "bytes/s", "what the disk still does", least=512, most=8192),
        Parameter("timeout_s", 3, "s", "the time-out for a command", least=1, most=6),
    ),
    needs=Needs(
        modules=("ahci", "sd_mod"),
        machine="q35",
        disks=(DiskNeed("rust", "blank", 16, "sata"),),
    ),
    inject=DISK
    + """
        for try in 1 2 3 4 5 6 7 8 9 10; do
            device=$(disk rust 2>/dev/null)
            [ -n "$device" ] && break
            sleep 0.5
        done
        [ -n "$device" ] || { echo "no SATA disk came up" >&2; exit 1; }
        echo $timeout_s >/sys/block/${device##*/}/device/timeout
    """,
    drive=stalled_reads("rust"),
    undrive=unthrottled("rust"),
    undo=DISK + "device=$(disk rust); echo 30 >/sys/block/${device##*/}/device/timeout",
    symptom=Symptom(
        doc="libata prints that the port was frozen by a command that timed out.",
        console=r"ata\d+\.\d+: exception Emask .* frozen",
        within_s=60,
        plus=("timeout_s",),
    ),
    truth=Truth(
        kinds=("ata-exception",),
        cause="device-slow",
        entity_kind="device",
        entity="sda",
        mechanism=(
            "scsi_timeout() in drivers/scsi/scsi_error.c hands the command to ata_scsi_error() in "
            "drivers/ata/libata-eh.c, which reports it in ata_eh_link_report() and resets the link."
        ),
    ),
)
