"""A SCSI disk has sectors that cannot be read."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="medium-error",
    title="a SCSI disk has unreadable sectors",
    doc=(
        "A SCSI disk (the kernel's scsi_debug, 16 MiB) answers reads of some sectors with a medium error. A "
        "service reads the disk from end to end and gets EIO there; all else works."
    ),
    group="storage",
    parameters=(
        Parameter("sector", 4660, "", "the first of the unreadable sectors", least=64, most=32000),
        Parameter("sectors", 10, "", "how many there are", least=1, most=500),
    ),
    needs=Needs(
        modules=(
            "sd_mod",
            "scsi_debug dev_size_mb=16 opts=2 medium_error_start=$sector medium_error_count=$sectors",
        )
    ),
    inject="""
        for try in 1 2 3 4 5 6 7 8 9 10; do
            place=$(grep -ls '^scsi_debug' /sys/block/sd*/device/model) && break
            sleep 0.3
        done
        place=${place#/sys/block/}
        [ -n "$place" ] || { echo "scsi_debug made no disk" >&2; exit 1; }
        echo /dev/${place%%/*} >/run/medium-error
        dd if=/dev/${place%%/*} of=/dev/null bs=4k >/dev/null 2>&1 </dev/null &
    """,
    symptom=Symptom(
        doc="The kernel prints the sense data, and which sector could not be read.",
        console=r"critical medium error, dev sd[a-z]+, sector \d+",
        within_s=20,
    ),
    truth=Truth(
        kinds=("block-io-error", "buffer-io-error", "scsi-sense-error"),
        cause="device-medium-error",
        entity_kind="device",
        entity="sda",
        mechanism=(
            "resp_read_dt0() in drivers/scsi/scsi_debug.c answers with sense key MEDIUM ERROR; "
            "scsi_io_completion_action() in drivers/scsi/scsi_lib.c fails the request, and blk_print_req_error() "
            "in block/blk-mq.c names the sector."
        ),
    ),
)
