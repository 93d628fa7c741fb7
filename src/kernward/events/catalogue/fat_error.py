"""A FAT or exFAT file system found itself inconsistent."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="fat-error",
    title="{filesystem}: {problem}",
    class_="storage",
    severity="error",
    subsystem="fat",
    patterns=(
        Pattern(
            literal="FAT-fs (",
            regex=(
                r"(?P<filesystem>FAT-fs|exFAT-fs) \((?P<device>[^\s)]+)\): error, "
                "(?P<problem>[A-Za-z_]+(?: [A-Za-z]+){0,6})(?P<detail>.*)"
            ),
            printed=(
                "error, %pV",
                "%sFAT-fs (%s): %pV",
            ),
        ),
        Pattern(
            literal="FAT-fs (",
            regex=(
                r"(?P<filesystem>FAT-fs|exFAT-fs) \((?P<device>[^\s)]+)\): (?P<problem>Filesystem has "
                "been set read-only)"
            ),
            printed=("Filesystem has been set read-only",),
        ),
    ),
    fields=(
        Field("filesystem", "str", "FAT-fs or exFAT-fs"),
        Field("device", "str", "block device"),
        Field("problem", "str", "what was found"),
        Field("detail", "str", "the rest of the message"),
    ),
    key=(
        "filesystem",
        "problem",
    ),
    printed_by=(
        "fs/fat/misc.c:__fat_fs_error",
        "fs/exfat/misc.c:__exfat_fs_error",
    ),
    meaning=(
        "A cluster chain, a directory entry or the allocation table contradicts itself; with "
        "errors=remount-ro, the default, the file system becomes read-only. FAT has no journal: "
        "it comes from a stick that was pulled, from a power failure, or from worn flash. On "
        "servers it concerns the EFI system partition: boot loader updates then fail."
    ),
    next_steps=(
        "Unmount and fsck.fat -n (or fsck.exfat -n) DEVICE, then with repair",
        "The medium's own errors just before",
        "For /boot/efi: copy it, repair or re-create it, reinstall the boot loader",
    ),
    confused_with=(
        "block-io-error: the medium could not be read",
        "ext4-error: the same finding in an ext4 file system",
    ),
    example=(
        "[  310.210010] FAT-fs (sda1): error, fat_get_cluster: invalid cluster chain (i_pos 2049)\n"
        "[  310.210014] FAT-fs (sda1): Filesystem has been set read-only"
    ),
    near_miss=(
        "[    5.210010] FAT-fs (sda1): Volume was not properly unmounted. Some data may be "
        "corrupt. Please run fsck."
    ),
)
