"""A SATA disk cannot read a sector."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK

FAULT = Fault(
    name="sata-error",
    title="a SATA disk has an unreadable sector",
    doc=(
        "A SATA disk answers reads of one sector with an error (QEMU's blkdebug). libata tries again a few "
        "times and gives up; a service that reads the disk from end to end gets EIO there."
    ),
    group="storage",
    parameters=(Parameter("sector", 12345, "", "the unreadable sector", least=64, most=32000),),
    needs=Needs(
        modules=("ahci", "sd_mod"),
        machine="q35",
        disks=(
            DiskNeed(
                "badrust",
                "blank",
                16,
                "sata",
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
        for try in 1 2 3 4 5 6 7 8 9 10; do
            device=$(disk badrust 2>/dev/null)
            [ -n "$device" ] && break
            sleep 0.5
        done
        [ -n "$device" ] || { echo "no SATA disk came up" >&2; exit 1; }
        dd if=$device of=/dev/null bs=64k >/dev/null 2>&1 </dev/null &
    """,
    symptom=Symptom(
        doc="The kernel prints which sector could not be read.",
        console=r"I/O error, dev sd[a-z]+, sector \d+",
        within_s=40,
    ),
    truth=Truth(
        kinds=("ata-exception", "block-io-error", "buffer-io-error"),
        cause="device-medium-error",
        entity_kind="device",
        entity="sda",
        mechanism=(
            "ata_eh_analyze_tf() in drivers/ata/libata-eh.c reads the error from the task file, ata_eh_recover() "
            "tries again, and blk_print_req_error() in block/blk-mq.c names the sector."
        ),
    ),
)
