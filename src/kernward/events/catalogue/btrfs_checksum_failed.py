"""Btrfs read data or metadata whose checksum does not fit."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Metadata has a level in the tree, data an inode."""
    reading.fields["content"] = "metadata" if reading.fields.get("level") is not None else "data"


KIND = Kind(
    id="btrfs-checksum-failed",
    title="BTRFS: {content} checksum failed",
    class_="storage",
    severity="error",
    subsystem="btrfs",
    patterns=(
        Pattern(
            literal="csum failed root ",
            regex=(
                r"BTRFS (?:error|critical|warning|info|alert) \(device (?P<device>[^\s):]+)(?::? state "
                r"\w+)?\): csum failed root (?P<root>-?\d+) ino (?P<inode>-?\d+) off "
                r"(?P<offset_bytes>\d+)(?: logical (?P<logical>\d+))? csum (?P<found>0x[0-9a-f]+) "
                r"expected csum (?P<expected>0x[0-9a-f]+) mirror (?P<mirror>\d+)"
            ),
            printed=("csum failed root %lld ino %l",),
        ),
        Pattern(
            literal="checksum verify failed on ",
            regex=(
                r"BTRFS (?:error|critical|warning|info|alert) \(device (?P<device>[^\s):]+)(?::? state "
                r"\w+)?\): checksum verify failed on (?:logical )?(?P<logical>\d+) (?:mirror "
                r"(?P<mirror>\d+) )?wanted (?P<expected>(?:0x)?[0-9a-fA-F]+) found "
                r"(?P<found>(?:0x)?[0-9a-fA-F]+) level (?P<level>\d+)"
            ),
            printed=("checksum verify failed on logical %llu mirror %u wanted ",),
        ),
    ),
    fields=(
        Field("device", "str", "file system, by the device it was mounted from"),
        Field("content", "str", "data or metadata"),
        Field("root", "int", "subvolume id of the file; 5 is the top level, negative ids are internal trees"),
        Field("inode", "int", "inode of the file"),
        Field("offset_bytes", "int", "offset in the file, in bytes"),
        Field("logical", "int", "logical address, in bytes"),
        Field("mirror", "int", "copy that was read, from 1"),
        Field("level", "int", "level of the tree block"),
        Field("found", "str", "checksum of what was read"),
        Field("expected", "str", "checksum it should have"),
    ),
    key=("content",),
    read=read,
    printed_by=(
        "fs/btrfs/inode.c:btrfs_print_data_csum_error",
        "fs/btrfs/disk-io.c:btrfs_validate_extent_buffer",
    ),
    meaning=(
        "What came from the disk is not what was written, and the device did not report an error. "
        "If there is another copy Btrfs reads that and rewrites the bad one; otherwise the read "
        "fails with EIO. Isolated cases on one device are the disk; cases on all devices are "
        "memory, controller or cable; files written with O_DIRECT while being changed (VM images) "
        "give false ones. A found checksum of 0x8941f998 is that of a block of zeroes under "
        "crc32c."
    ),
    next_steps=(
        (
            "btrfs inspect-internal inode-resolve INODE MOUNTPOINT (with subvolid ROOT) or "
            "logical-resolve names the file"
        ),
        "btrfs scrub start -Bd MOUNTPOINT: repaired or uncorrectable",
        "btrfs device stats: one device or all",
        "Test the memory if more than one device is concerned",
    ),
    confused_with=(
        "btrfs-device-errors: the counters only",
        "btrfs-transid-mismatch: the checksum fits, but the block is an old one",
        "btrfs-corrupt-leaf: the checksum fits, the content is nonsense",
    ),
    example=(
        "[ 7100.220001] BTRFS warning (device sdb1): csum failed root 257 ino 4711 off 1048576 "
        "csum 0x8941f998 expected csum 0x1ad44a51 mirror 1"
    ),
    near_miss="[ 7100.220001] BTRFS info (device sdb1): using crc32c (crc32c-intel) checksum algorithm",
)
