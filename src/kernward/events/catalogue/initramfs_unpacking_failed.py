"""The initial file system image could not be unpacked."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="initramfs-unpacking-failed",
    title="initramfs: unpacking failed: {reason}",
    class_="storage",
    severity="error",
    subsystem="initramfs",
    patterns=(
        Pattern(
            literal="Initramfs unpacking failed: ",
            regex=r"Initramfs unpacking failed: (?P<reason>.{1,80})",
        ),
    ),
    fields=(Field("reason", "str", "what the unpacker met"),),
    key=("reason",),
    printed_by=("init/initramfs.c:do_populate_rootfs",),
    meaning=(
        "The boot loader handed the kernel an initramfs that ends early, is damaged, or is compressed in a way "
        "this kernel was not built to read. What was unpacked until then stays, so the boot often goes on and "
        "fails later: modules or firmware are missing, or there is no init at all."
    ),
    next_steps=(
        "Check the file as the loader sees it: `lsinitramfs /boot/initrd.img-VERSION` and its size against the free space of /boot.",
        "Compare the compression with the kernel's: `file initrd.img`, `grep CONFIG_RD_ /boot/config-VERSION`.",
        "Make it again (`update-initramfs -u -k VERSION`, `dracut -f`) and keep the old entry as a fallback.",
    ),
    confused_with=("panic-vfs-mount-root: what a missing or unusable initramfs often ends in.",),
    example="[    0.731120] Initramfs unpacking failed: invalid magic at start of compressed archive",
    near_miss="[    0.731120] Trying to unpack rootfs image as initramfs...",
)
