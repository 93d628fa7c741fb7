"""dm-integrity, or dm-crypt with authentication, read a sector whose checksum does not fit."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="dm-integrity-error",
    title="device-mapper: {target}: checksum failed",
    class_="storage",
    severity="error",
    subsystem="dm",
    patterns=(
        Pattern(
            literal="Checksum failed at sector 0x",
            regex=(
                r"device-mapper: (?P<target>integrity): (?P<device>\S+): Checksum failed at sector "
                "(?P<sector>0x[0-9a-f]+)"
            ),
            printed=("integrity: %pg: Checksum failed at sector 0x%llx",),
        ),
        Pattern(
            literal="INTEGRITY AEAD ERROR, sector ",
            regex=(
                r"device-mapper: (?P<target>crypt): (?P<device>\S+): INTEGRITY AEAD ERROR, sector "
                r"(?P<sector>\d+)"
            ),
            printed=("crypt: %pg: INTEGRITY AEAD ERROR, sector %llu",),
        ),
    ),
    fields=(
        Field("target", "str", "integrity or crypt"),
        Field("device", "str", "device below"),
        Field("sector", "str", "sector of 512 bytes; hexadecimal with 0x for integrity"),
    ),
    key=("target",),
    printed_by=(
        "drivers/md/dm-integrity.c:integrity_metadata",
        "drivers/md/dm-crypt.c:crypt_convert_block_aead",
    ),
    meaning=(
        "The sector came back without an error but is not what was written, or was never written "
        "since the device was formatted. The read fails with EILSEQ, which a RAID above repairs "
        "from another copy. On a fresh device that was not wiped it is normal for blocks that "
        "were never written; otherwise the storage is failing, or lost writes in a power failure "
        "(in bitmap or no-journal mode), or someone changed it."
    ),
    next_steps=(
        "Was the device initialised (integritysetup format wipes it unless told not to)",
        "integritysetup dump: journal, bitmap or direct mode; was there a power failure",
        "The disk's SMART data; with RAID above: cat /sys/block/mdX/md/mismatch_cnt after a check",
    ),
    confused_with=(
        "dm-verity-corruption: read-only images with a signed hash tree",
        "btrfs-checksum-failed: the file system's own checksums",
    ),
    example="[  733.210040] device-mapper: integrity: dm-0: Checksum failed at sector 0x4f2a8",
    near_miss="[  733.210040] device-mapper: integrity: Error writing journal: -5",
)
