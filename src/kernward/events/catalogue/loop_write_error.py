"""A loop device could not write to the file behind it."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="loop-write-error",
    title="loop: write error",
    class_="storage",
    severity="error",
    subsystem="block",
    patterns=(
        # In 6.1, not in 6.12, which reports the block layer's error alone; which release dropped
        # it is not known.
        Pattern(
            literal="loop: Write error at byte offset",
            regex=r"loop: Write error at byte offset (?P<offset_bytes>\d+), length (?P<length_bytes>\d+)",
            until="6.11",
            printed=("loop: Write error at byte offset %llu, length %i.",),
        ),
    ),
    fields=(
        Field("offset_bytes", "int", "offset in the file behind"),
        Field("length_bytes", "int", "length of the write"),
    ),
    printed_by=("drivers/block/loop.c:lo_write_bvec",),
    meaning=(
        "A write through a loop device failed in the file system that holds the image: usually it "
        "is full, as a sparse image takes its space only when written, or it has errors itself. "
        "The write is lost. The file system inside the image sees an I/O error and may become "
        "read-only."
    ),
    next_steps=(
        "df on the file system that holds the image (losetup -l names the file)",
        "Errors of that file system just before",
        "Free space, then unmount and check the file system inside the image",
    ),
    confused_with=("block-io-error: the loop device's request, printed after it",),
    example=(
        "[  512.120110] loop: Write error at byte offset 1073741824, length 4096.\n"
        "[  512.120130] I/O error, dev loop0, sector 2097152 op 0x1:(WRITE) flags 0x800 phys_seg "
        "1 prio class 2"
    ),
    near_miss="[  512.120110] loop0: detected capacity change from 0 to 4194304",
)
