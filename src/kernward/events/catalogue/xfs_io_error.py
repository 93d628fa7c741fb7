"""XFS could not read or write a metadata block, or gave up writing one back."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_WHERE = re.compile(r"\"(?P<function>[a-z_]\w*?)(?:\.[\w.]+)?(?:\+0x[^\"]*|_read_verify)?\"")


def read(reading: Reading) -> None:
    """The function stands in the message as function+offset; there is no stack to look at."""
    if where := _WHERE.search(reading.texts[0]):
        reading.function = where["function"]
        reading.function_reason = "named by the message"


KIND = Kind(
    id="xfs-io-error",
    title="XFS: metadata I/O error in {function}",
    title_without_function="XFS: metadata I/O error",
    class_="storage",
    severity="error",
    subsystem="xfs",
    patterns=(
        Pattern(
            literal="metadata I/O error in ",
            regex=(
                r'XFS \((?P<device>[^\s)]+)\): metadata I/O error in "[^"]{1,80}" at daddr '
                r"(?P<block>0x[0-9a-f]+) len (?P<length_sectors>\d+) error (?P<error>-?\d+)"
            ),
            since="4.19",
            printed=('metadata I/O error in "%pS" at daddr 0x%llx len %d error %d',),
        ),
        Pattern(
            literal="metadata I/O error: block ",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): metadata I/O error: block (?P<block>0x[0-9a-f]+) "
                r'\("[^"]{1,80}"\) error (?P<error>-?\d+) numblks (?P<length_sectors>\d+)'
            ),
            until="4.18",
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field("block", "hex", "disk address, in sectors of 512 bytes"),
        Field("length_sectors", "int", "length in sectors of 512 bytes"),
        Field("error", "int", "errno without its sign: 5 EIO, 74 bad checksum, 117 corrupt"),
    ),
    key=("error",),
    read=read,
    printed_by=("fs/xfs/xfs_buf.c:xfs_buf_ioerror_alert",),
    meaning=(
        "A metadata buffer could not be read or written. With error 5 the device failed, and the "
        "block layer said so just before; with 74 or 117 a verifier rejected what was read. A "
        "failed read costs the one operation that needed it. A failed write is retried, for ever "
        "by default (/sys/fs/xfs/DEVICE/error/metadata/), so an unmount may hang while the device "
        "is gone."
    ),
    next_steps=(
        "Error 5: look at the device; 74 or 117: look at the verifier's message",
        ("cat /sys/fs/xfs/DEVICE/error/metadata/EIO/max_retries: -1 retries for ever, and an unmount waits"),
        "xfs_db -r -c 'convert daddr BLOCK fsb' and blockget tell what the block belongs to",
        "Unmount and xfs_repair -n after the device is sound",
    ),
    confused_with=(
        "xfs-metadata-corruption: the content is wrong, the read worked",
        "xfs-log-io-error: the log: fatal for the file system at once",
    ),
    example=(
        '[ 6010.220060] XFS (sdd1): metadata I/O error in "xfs_da_read_buf+0xe1/0x140 [xfs]" at '
        "daddr 0x3a385408 len 8 error 5"
    ),
    near_miss=(
        "[ 6010.220060] XFS (sdd1): Failing async write on buffer block 0x3a385408. Retrying async write."
    ),
)
