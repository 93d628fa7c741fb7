"""Squashfs could not read or decompress something: the image or its device is damaged."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="squashfs-error",
    title="SQUASHFS error: {problem}",
    class_="storage",
    severity="error",
    subsystem="squashfs",
    patterns=(
        Pattern(
            literal="SQUASHFS error: ",
            regex=(
                r"SQUASHFS error: (?P<problem>Unable to read \w+(?: \w+)*|Failed to read block|\w+ "
                "decompression failed, data probably corrupt|squashfs_read_data failed to read "
                r"block|Unable to read \S+ cache entry|[A-Za-z][A-Za-z ]{3,60})(?:,? "
                r"\[?(?P<position>(?:0x)?[0-9a-f]+(?::[0-9a-f]+)?)\]?)?(?:: (?P<errno>-?\d+))?"
            ),
            printed=(
                "SQUASHFS error: Failed to read block 0x%llx: %d",
                "decompression failed, data probably corrupt",
            ),
        ),
    ),
    fields=(
        Field("problem", "str", "what failed"),
        Field("position", "str", "position in the image, hexadecimal"),
        Field("errno", "int", "errno, negative"),
    ),
    key=("problem",),
    continues=("SQUASHFS error: ",),
    reach=3,
    absorbs=("squashfs-error",),
    printed_by=(
        "fs/squashfs/squashfs.h:ERROR",
        "fs/squashfs/block.c:squashfs_read_data",
        "fs/squashfs/cache.c:squashfs_cache_get",
    ),
    meaning=(
        "Squashfs images (live systems, snaps, appliances, initial root file systems) are "
        "read-only, so any inconsistency comes from below: an incomplete download or flash, a "
        "failing USB stick or SD card, a network block device that is gone, or a loop file that "
        "was replaced while mounted. Newer kernels print one line for each step that failed. The "
        "reads fail with EIO, and programs started from it get SIGBUS."
    ),
    next_steps=(
        "Errors of the device below it, just before",
        "sha256sum of the image against the original; unsquashfs -l reads it all",
        "losetup -l: was the file behind the loop device replaced or deleted",
    ),
    confused_with=(
        "dm-verity-corruption: says which block does not fit the signature",
        "block-io-error: the device could not read it",
    ),
    example=(
        "[  120.300210] SQUASHFS error: zlib decompression failed, data probably corrupt\n"
        "[  120.300215] SQUASHFS error: Failed to read block 0x1f3a2c4: -5"
    ),
    near_miss="[    2.300210] squashfs: version 4.0 (2009/01/31) Phillip Lougher",
)
