"""Btrfs's tree checker refused a tree block whose checksum fits but whose content makes no sense."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="btrfs-corrupt-leaf",
    title="BTRFS: corrupt {block_type}",
    class_="storage",
    severity="error",
    subsystem="btrfs",
    patterns=(
        Pattern(
            literal=": corrupt leaf",
            regex=(
                r"BTRFS (?:error|critical|warning|info|alert) \(device (?P<device>[^\s):]+)(?::? state "
                r"\w+)?\): corrupt(?:ed)? (?P<block_type>leaf)[:,] (?:root=(?P<root>\d+) "
                r")?block=(?P<block>\d+)(?:,? slot=(?P<slot>\d+))?(?: ino=(?P<inode>\d+))?[, "
                "]*(?P<detail>.*)"
            ),
            printed=("corrupt %s: root=%llu block=%llu slot=%d, %pV",),
        ),
        Pattern(
            literal=": corrupt node",
            regex=(
                r"BTRFS (?:error|critical|warning|info|alert) \(device (?P<device>[^\s):]+)(?::? state "
                r"\w+)?\): corrupt(?:ed)? (?P<block_type>node)[:,] (?:root=(?P<root>\d+) "
                r")?block=(?P<block>\d+)(?:,? slot=(?P<slot>\d+))?(?: ino=(?P<inode>\d+))?[, "
                "]*(?P<detail>.*)"
            ),
            printed=("corrupt %s: root=%llu block=%llu slot=%d, %pV",),
        ),
    ),
    fields=(
        Field("device", "str", "file system, by the device it was mounted from"),
        Field("block_type", "str", "leaf or node"),
        Field(
            "root",
            "int",
            ("tree: 1 root, 2 extents, 3 chunks, 4 devices, 5 the top-level subvolume, from 256 subvolumes"),
        ),
        Field("block", "int", "logical address of the block, in bytes"),
        Field("slot", "int", "item in the block"),
        Field("inode", "int", "inode that the item belongs to"),
        Field("detail", "str", "what is wrong"),
    ),
    key=("block_type",),
    continues=(
        r"BTRFS error \(device [^)]+\): (?:read|write) time tree block corruption detected",
        (
            r"BTRFS error \(device [^)]+\): block=\d+ (?:read|write) time tree block corruption "
            "detected"
        ),
    ),
    reach=30,
    printed_by=(
        "fs/btrfs/tree-checker.c:generic_err",
        "fs/btrfs/tree-checker.c:file_extent_err",
        "fs/btrfs/tree-checker.c:dir_item_err",
    ),
    meaning=(
        "The block's checksum is right, so the disk returned what was once written; but an item "
        "in it violates the format. Written like that, it was damaged in memory before the "
        "checksum was made: a flipped bit in RAM, or a bug of the kernel that wrote it (often an "
        "old one; newer kernels check more). 'write time' means that it is happening now and was "
        "stopped; 'read time' that it had happened before. The file system becomes read-only, or "
        "the mount fails."
    ),
    next_steps=(
        ("Compare found and expected values in the detail: a difference of one bit is memory; test it"),
        "dmesg for 'write time' or 'read time tree block corruption detected'",
        "btrfs check --readonly on the unmounted device; then ask before any repair",
        "Mount an older kernel, or rescue=all read-only, to copy data off",
    ),
    confused_with=(
        "btrfs-checksum-failed: the checksum does not fit: the disk",
        "btrfs-transid-mismatch: a valid but old block: lost writes",
    ),
    example=(
        "[ 7401.500120] BTRFS critical (device nvme0n1p2): corrupt leaf: root=2 block=1048576000 "
        "slot=12, unexpected item end, have 12231 expect 12239"
    ),
    near_miss=(
        "[ 7401.500120] BTRFS info (device nvme0n1p2): leaf 1048576000 gen 992 total ptrs 180 "
        "free space 3112 owner 2"
    ),
)
