"""EROFS found its image damaged or of a version it does not know."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_WHERE = re.compile(r"erofs: \(device [^\s)]+\): (?P<function>\w+): ")


def read(reading: Reading) -> None:
    """The function stands in the message, for errors only."""
    if where := _WHERE.match(reading.texts[0]):
        reading.function = where["function"]
        reading.function_reason = "named by the message"


KIND = Kind(
    id="erofs-error",
    title="erofs: error in {function}",
    title_without_function="erofs: error",
    class_="storage",
    severity="error",
    subsystem="erofs",
    patterns=(
        Pattern(
            literal="erofs: (device ",
            regex=r"erofs: \(device (?P<device>[^\s)]+)\): \w+: (?P<message>.*)",
            printed=("erofs: (device %s): %s: %pV",),
        ),
    ),
    fields=(
        Field("device", "str", "device or image"),
        Field("message", "str", "what was found"),
    ),
    read=read,
    printed_by=("fs/erofs/super.c:_erofs_err",),
    meaning=(
        "EROFS is read-only, so damage comes from below: a truncated image, a failing device, "
        "memory errors. Messages with 'failed to decompress' or 'checksum' are damage; those with "
        "'unsupported', 'unidentified' or 'feature' are an image made for a newer kernel. The "
        "read or the mount fails."
    ),
    next_steps=(
        "Compare the image's checksum with the original; fsck.erofs IMAGE",
        "Errors of the device below",
        (
            "For unsupported features: dump.erofs -s IMAGE against this kernel's configuration "
            "(CONFIG_EROFS_FS_ZIP_*)"
        ),
    ),
    confused_with=(
        "squashfs-error: the same for squashfs",
        "dm-verity-corruption: the block layer's check of the same image",
    ),
    example=(
        "[   88.120110] erofs: (device loop3): z_erofs_lz4_decompress_mem: failed to decompress "
        "-12 in[4096, 0] out[9822]"
    ),
    near_miss="[   88.120110] erofs: (device loop3): mounted with root inode @ nid 36.",
)
