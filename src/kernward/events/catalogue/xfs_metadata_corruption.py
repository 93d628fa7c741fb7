"""An XFS verifier found metadata whose checksum or content is wrong, on reading it or before writing
it.
"""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_WHERE = re.compile(r" detected at (?P<function>\w+)[\w.]*\+0x")


def read(reading: Reading) -> None:
    """The verifier stands in the message as function+offset; there is no stack to look at."""
    if where := _WHERE.search(reading.texts[0]):
        reading.function = where["function"]
        reading.function_reason = "the verifier that the message names"


KIND = Kind(
    id="xfs-metadata-corruption",
    title="XFS: metadata {damage} in {function}",
    title_without_function="XFS: metadata {damage}",
    class_="storage",
    severity="error",
    subsystem="xfs",
    patterns=(
        Pattern(
            literal="Metadata corruption detected at ",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): Metadata (?P<damage>corruption) detected at "
                r"(?:[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[xfs\])?|0x[0-9a-f]+), (?:(?P<structure>\w+) "
                "block (?P<block>0x[0-9a-f]+)|inode (?P<inode>0x[0-9a-f]+)|(?:dquot|quota) "
                r"(?P<quota_id>\w+))(?: (?P<detail>\S.*))?"
            ),
            printed=(
                "Metadata %s detected at %pS, %s block 0x%llx %s",
                "corruption",
            ),
        ),
        Pattern(
            literal="Metadata CRC error detected at ",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): Metadata (?P<damage>CRC error) detected at "
                r"(?:[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[xfs\])?|0x[0-9a-f]+), (?:(?P<structure>\w+) "
                "block (?P<block>0x[0-9a-f]+)|inode (?P<inode>0x[0-9a-f]+)|(?:dquot|quota) "
                r"(?P<quota_id>\w+))(?: (?P<detail>\S.*))?"
            ),
            printed=(
                "Metadata %s detected at %pS, %s block 0x%llx %s",
                "CRC error",
            ),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field(
            "damage", "str", "corruption: the content makes no sense; CRC error: the checksum does not fit"
        ),
        Field(
            "structure",
            "str",
            "kind of metadata, by the name of its verifier (xfs_agf, xfs_bmbt, xfs_inode, …)",
        ),
        Field("block", "hex", "disk address, in sectors of 512 bytes"),
        Field("inode", "hex", "inode number"),
        Field("quota_id", "str", "id of the quota record, as printed"),
        Field("detail", "str", "the structure's name within the block"),
    ),
    key=(
        "damage",
        "structure",
    ),
    continues=(
        r"XFS \([^\s)]+\): Unmount and run xfs_repair",
        r"XFS \([^\s)]+\): First \d+ bytes of corrupted metadata buffer:",
        "(?:[0-9a-f]{8}|0{8}[0-9a-f]{8}): (?:[0-9a-f]{2} ){8}",
    ),
    reach=12,
    read=read,
    printed_by=(
        "fs/xfs/xfs_error.c:xfs_buf_verifier_error",
        "fs/xfs/xfs_error.c:xfs_inode_verifier_error",
        "fs/xfs/xfs_error.c:xfs_buf_corruption_error",
    ),
    meaning=(
        "Every metadata block passes a verifier when it is read and before it is written. In a "
        "*_read_verify function the disk returned something wrong: it went bad there, was written "
        "elsewhere or was lost by the device. In a *_write_verify function the block was already "
        "wrong in memory, which points at a kernel bug or bad RAM; XFS then shuts the file system "
        "down rather than write it. The operation that needed the block fails with EFSCORRUPTED "
        "or EFSBADCRC. The 128 bytes dumped after it often tell what it is: zeroes, another "
        "file's data, one flipped bit."
    ),
    next_steps=(
        ("Read the hexdump: zeroes point at lost writes, text at misplaced writes, one wrong bit at memory"),
        "Errors of the disk before it; EDAC and machine checks for memory",
        "Unmount and run xfs_repair -n /dev/DEVICE (reads only); take an xfs_metadump first",
        (
            "On several machines with the same structure and kernel: look for a fix in fs/xfs between "
            "the releases"
        ),
    ),
    confused_with=(
        "xfs-internal-error: a check in the code failed, with a source line; not a verifier",
        "xfs-io-error: the block could not be read at all",
        "xfs-shutdown: what may follow",
    ),
    example=(
        "[  910.440112] XFS (sdc1): Metadata CRC error detected at "
        "xfs_agf_read_verify+0xd1/0x100 [xfs], xfs_agf block 0x1d4c0001 \n"
        "[  910.440140] XFS (sdc1): Unmount and run xfs_repair\n"
        "[  910.440142] XFS (sdc1): First 128 bytes of corrupted metadata buffer:\n"
        "[  910.440147] 00000000: 58 41 47 46 00 00 00 01 00 00 00 04 03 a9 80 00  XAGF............"
    ),
    near_miss=(
        "[  910.440112] XFS (sdc1): Corruption warning: Metadata has LSN (1:2) ahead of current "
        "LSN (1:1). Please unmount and run xfs_repair (>= v4.3) to resolve."
    ),
)
