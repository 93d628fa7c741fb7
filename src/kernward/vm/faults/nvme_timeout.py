"""An NVMe disk takes longer than its time-out."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK, stalled_reads, unthrottled

FAULT = Fault(
    name="nvme-timeout",
    title="an NVMe disk does not answer in time",
    doc=(
        "An NVMe disk becomes so slow that a request takes longer than the driver's time-out. The driver "
        "polls for a lost interrupt, tries to abort the command, and at last resets the controller."
    ),
    group="storage",
    parameters=(
        Parameter("bytes_per_s", 4096, "bytes/s", "what the disk still does", least=512, most=8192),
        Parameter("timeout_s", 3, "s", "the driver's time-out for a request", least=1, most=10),
    ),
    refuse=lambda values: (
        f"64 KiB at {values['bytes_per_s']} bytes a second take less than twice {values['timeout_s']} s"
        if 65536 / int(values["bytes_per_s"]) < 2 * int(values["timeout_s"])
        else None
    ),
    needs=Needs(modules=("nvme",), disks=(DiskNeed("flash", "blank", 16, "nvme"),)),
    inject=DISK
    + """
        device=$(disk flash)
        [ -n "$device" ] || exit 1
        echo $((timeout_s * 1000)) >/sys/block/${device##*/}/queue/io_timeout
    """,
    drive=stalled_reads("flash"),
    undrive=unthrottled("flash"),
    undo=DISK + "device=$(disk flash); echo 30000 >/sys/block/${device##*/}/queue/io_timeout",
    symptom=Symptom(
        doc="The driver prints that a command timed out.",
        console=r"nvme nvme\d+: I/O (tag )?\d+ .*timeout, ",
        within_s=60,
        plus=("timeout_s",),
    ),
    truth=Truth(
        kinds=("nvme-timeout",),
        cause="device-slow",
        entity_kind="device",
        entity="nvme0n1",
        mechanism=(
            "blk_mq_timeout_work() in block/blk-mq.c finds the request too old, and nvme_timeout() in "
            "drivers/nvme/host/pci.c aborts the command or resets the controller."
        ),
    ),
)
