"""An NVMe disk cannot read a sector."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK

FAULT = Fault(
    name="nvme-error",
    title="an NVMe disk has an unreadable sector",
    doc=(
        "An NVMe disk answers reads of one sector with an error (QEMU's blkdebug). A service reads the disk "
        "from end to end; the request that holds the sector fails."
    ),
    group="storage",
    parameters=(Parameter("sector", 12345, "", "the unreadable sector", least=64, most=32000),),
    needs=Needs(
        modules=("nvme",),
        disks=(
            DiskNeed(
                "badflash",
                "blank",
                16,
                "nvme",
                options=(
                    "file.driver=blkdebug",
                    "file.inject-error.0.event=none",
                    "file.inject-error.0.iotype=read",
                    "file.inject-error.0.errno=5",
                    "file.inject-error.0.sector=$sector",
                ),
            ),
        ),
    ),
    inject=DISK
    + """
        device=$(disk badflash)
        [ -n "$device" ] || exit 1
        dd if=$device of=/dev/null bs=64k iflag=direct >/dev/null 2>&1 </dev/null &
    """,
    symptom=Symptom(
        doc="The kernel prints which sector could not be read.",
        console=r"(I/O|medium) error, dev nvme\d+n\d+, sector \d+|nvme\d+n\d+: Read\(0x2\)",
        within_s=30,
    ),
    truth=Truth(
        kinds=("block-io-error", "nvme-command-error"),
        cause="device-medium-error",
        entity_kind="device",
        entity="nvme0n1",
        mechanism=(
            "nvme_complete_rq() in drivers/nvme/host/core.c logs the command's status in nvme_log_error(), and "
            "blk_print_req_error() in block/blk-mq.c names the sector."
        ),
    ),
)
