"""File data could not be written to disk by the iomap writeback path (XFS, GFS2, zonefs)."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="writeback-error",
    title="writeback error",
    class_="storage",
    severity="error",
    subsystem="iomap",
    patterns=(
        Pattern(
            literal="writeback error on inode ",
            regex=(
                r"(?P<device>[^\s:]+): writeback error on inode (?P<inode>\d+), offset "
                r"(?P<offset_bytes>-?\d+), sector (?P<sector>\d+)"
            ),
            since="5.5",
            printed=("%s: writeback error on inode %lu, offset %lld, sector %llu",),
        ),
        Pattern(
            literal="writeback error on sector ",
            regex=r"XFS \((?P<device>[^\s)]+)\): writeback error on sector (?P<sector>\d+)",
            until="5.4",
        ),
    ),
    fields=(
        Field("device", "str", "block device of the file system"),
        Field("inode", "int", "inode number of the file"),
        Field("offset_bytes", "int", "offset in the file, in bytes"),
        Field("sector", "int", "sector on the device, of 512 bytes"),
    ),
    printed_by=("fs/iomap/buffered-io.c:iomap_finish_ioend",),
    meaning=(
        "A process wrote to a file, write() returned success, and later the device failed to take "
        "the data. The pages are marked clean and what they held is lost; the next fsync() of "
        "that file returns an error once. An application that does not check fsync() does not "
        "know. The inode number names the file."
    ),
    next_steps=(
        "find MOUNTPOINT -xdev -inum INODE names the file",
        "The block layer's error just before says why",
        ("Restore the file, or let the application rewrite it; check that it handles a failed fsync()"),
    ),
    confused_with=(
        "buffer-io-error: the same for file systems that use buffer heads (ext4)",
        "xfs-io-error: metadata, not file data",
    ),
    example="[ 6009.120060] sdd1: writeback error on inode 134217856, offset 8388608, sector 41944064",
    near_miss="[ 6009.120060] sdd1: rw=2049, sector=41944064, nr_sectors = 8 limit=41943040",
)
