"""A block of a verified device is not what it was when the device was sealed."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK, MAPPED

FAULT = Fault(
    name="verity-corruption",
    title="dm-verity finds a changed block",
    doc=(
        "One block of the data under a dm-verity device was changed after its hash tree was made, by a bad "
        "disk or by somebody. Reading it gives EIO; all other blocks can be read."
    ),
    group="storage",
    parameters=(Parameter("block", 77, "", "the changed block, of 4 KiB", least=0, most=1023),),
    needs=Needs(
        modules=("dm_mod", "dm_verity"),
        programs=("dmsetup",),
        disks=(DiskNeed("sealed", "verity", 8),),
    ),
    inject=DISK
    + MAPPED
    + """
        device=$(disk sealed)
        # what disk_images.py wrote behind the tree
        read blocks start salt root <<END
$(dd if=$device bs=4096 skip=2047 count=1 2>/dev/null | head -n 1)
END
        echo changed | dd of=$device bs=4096 seek=$block conv=notrunc 2>/dev/null
        dmsetup create --readonly --noudevsync --noudevrules root --table \\
            "0 $((blocks * 8)) verity 1 $device $device 4096 4096 $blocks $start sha256 $root $salt" || exit 1
        dd if=$(mapped root) of=/dev/null bs=4096 count=1024 conv=noerror >/dev/null 2>&1 </dev/null &
    """,
    undo="dmsetup remove --noudevsync --retry root",
    symptom=Symptom(
        doc="The kernel prints which block is corrupted.",
        console=r"device-mapper: verity: \S+: data block $block is corrupted",
        within_s=30,
    ),
    truth=Truth(
        kinds=("dm-verity-corruption",),
        cause="device-data-changed",
        entity_kind="device",
        entity="dm-0",
        mechanism=(
            "verity_verify_io() in drivers/md/dm-verity-target.c finds another digest than the tree holds, and "
            "verity_handle_err() reports it and fails the bio."
        ),
    ),
)
