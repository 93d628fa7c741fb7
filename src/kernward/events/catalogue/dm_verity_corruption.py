"""dm-verity read a block whose hash does not fit."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="dm-verity-corruption",
    title="device-mapper: verity: {content} block is corrupted",
    class_="storage",
    severity="error",
    subsystem="dm",
    patterns=(
        Pattern(
            literal="device-mapper: verity: ",
            regex=(
                r"device-mapper: verity: (?P<device>\S+): (?P<content>data|metadata) block (?P<block>\d+) "
                "is corrupted"
            ),
            printed=("verity: %s: %s block %llu is corrupted",),
        ),
    ),
    fields=(
        Field("device", "str", "data device (major:minor)"),
        Field("content", "str", "data or metadata (the hash tree)"),
        Field("block", "int", "block, in units of the verity block size"),
    ),
    key=("content",),
    printed_by=("drivers/md/dm-verity-target.c:verity_handle_err",),
    meaning=(
        "A device protected by dm-verity (the system image of an appliance, a container image, "
        "Android) returned a block that differs from what was signed. Depending on the table the "
        "read fails with EIO, the machine restarts, or it panics. Either the storage is failing "
        "or someone changed the image."
    ),
    next_steps=(
        "Does the block differ again on a second read: bad storage; always: the image was changed",
        "Errors of the disk below",
        "veritysetup verify against the known root hash",
        ("What was read: dmesg for the file system error after it; treat unexplained changes as an incident"),
    ),
    confused_with=(
        "dm-integrity-error: dm-integrity and dm-crypt with authentication",
        "squashfs-error: the file system above notices later, without saying where",
    ),
    example="[  612.500110] device-mapper: verity: 254:1: data block 11973 is corrupted",
    near_miss='[    2.500110] device-mapper: verity: sha256 using implementation "sha256-avx2"',
)
