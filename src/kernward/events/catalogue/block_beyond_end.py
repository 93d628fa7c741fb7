"""A request lies beyond the end of its device."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="block-beyond-end",
    title="block: access beyond end of device",
    class_="storage",
    severity="error",
    subsystem="block",
    patterns=(
        Pattern(
            literal="attempt to access beyond end of device",
            regex="(?:(?P<comm>.{1,24}?): )?attempt to access beyond end of device",
            printed=("attempt to access beyond end of device",),
        ),
    ),
    fields=(
        Field("comm", "str", "process that asked, where printed"),
        Field("device", "str", "block device asked"),
        Field("flags", "int", "operation and flags of the request (rw=)"),
        Field("sector", "int", "first sector, in newer kernels"),
        Field("sectors", "int", "number of sectors"),
        Field("end", "int", "sector after the last one, in old kernels"),
        Field("limit", "int", "size of the device, in sectors of 512 bytes"),
    ),
    continues=(
        (
            r"(?P<device>\S+): rw=(?P<flags>\d+), (?:sector=(?P<sector>\d+), nr_sectors = "
            r"(?P<sectors>\d+)|want=(?P<end>\d+),) limit=(?P<limit>\d+)"
        ),
    ),
    reach=2,
    printed_by=("block/blk-core.c:bio_check_eod",),
    meaning=(
        "A file system or a process asked for sectors that the device does not have, and the "
        "request was refused. The file system is larger than its device (a partition made too "
        "small, a shrunken or truncated volume, a wrong image, a RAID assembled from the wrong "
        "superblock), or its metadata is damaged and points anywhere. With a limit of 0 the "
        "device has just gone."
    ),
    next_steps=(
        (
            "blockdev --getsz DEVICE against the size in the file system's superblock (dumpe2fs -h, "
            "xfs_db -c 'sb 0')"
        ),
        "Was the volume, image or partition resized lately",
        "limit=0: look for the removal of the device",
        "fsck (read-only) if the sizes fit",
    ),
    confused_with=(
        "ext4-mount-failed: 'bad geometry' finds the same at mount",
        "block-io-error: the device refused, not the block layer",
    ),
    example=(
        "[  440.110020] mount: attempt to access beyond end of device\n"
        "               vdb: rw=4096, sector=26214392, nr_sectors = 8 limit=13107200"
    ),
    near_miss="[  440.110020] vdb: p1 size 26214400 extends beyond EOD, truncated",
)
