"""The root device on the command line does not exist."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="no-root",
    title="a kernel that finds no root file system",
    doc=(
        "The command line names a root device that is not there, and there is no initramfs that could wait for "
        "another: a disk that was renamed, or a driver that the new kernel lacks."
    ),
    group="crash",
    parameters=(Parameter("root", "/dev/vdz1", "", "the device", regex=r"/dev/[a-z0-9]{3,12}"),),
    needs=Needs(initramfs=False, append=("root=$root", "ro")),
    symptom=Symptom(
        doc="The panic with the device number it looked for.",
        console=r"Kernel panic - not syncing: VFS: Unable to mount root fs on",
        within_s=60,
    ),
    truth=Truth(
        kinds=("panic-vfs-mount-root",),
        cause="root-device-missing",
        mechanism="mount_block_root() (6.12: mount_root_generic()) in init/do_mounts.c.",
    ),
    ends=True,
)
