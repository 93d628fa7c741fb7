"""A less common file system (JFS, NILFS2, OCFS2, UDF, ext2, ReiserFS) found itself inconsistent."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_WHERE = re.compile(
    r"[^(]{0,20}\((?:device )?[^\s)]+\): (?:error: )?(?P<function>[A-Za-z_]\w{3,60})(?:\+0x[^:]*)?: "
)


def read(reading: Reading) -> None:
    """Most of them name the function that found it; JFS leaves out its own name."""
    if reading.fields.get("filesystem") is None:
        reading.fields["filesystem"] = "JFS"
    if where := _WHERE.match(reading.texts[0]):
        reading.function = where["function"]
        reading.function_reason = "named by the message"


KIND = Kind(
    id="filesystem-error",
    title="{filesystem}: error in {function}",
    title_without_function="{filesystem}: error",
    class_="storage",
    severity="error",
    subsystem="fs",
    patterns=(
        Pattern(
            literal="NILFS error (device ",
            regex=r"(?P<filesystem>NILFS) error \(device (?P<device>[^\s)]+)\): (?:\w+: )?(?P<message>.*)",
            printed=("NILFS error (device %s): %s: %pV",),
        ),
        Pattern(
            literal="OCFS2: ERROR (device ",
            regex=r"(?P<filesystem>OCFS2): ERROR \(device (?P<device>[^\s)]+)\): (?:\w+: )?(?P<message>.*)",
            printed=("OCFS2: ERROR (device %s): %s: %pV",),
        ),
        # JFS, which does not name itself.
        Pattern(
            literal="ERROR: (device ",
            regex=(
                r"ERROR: \(device (?P<device>[^\s)]+)\): (?:[\w.]+(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: "
                r"\[\w+\])?: )?(?P<message>.*)"
            ),
            printed=("ERROR: (device %s): %ps: %pV",),
        ),
        Pattern(
            literal="UDF-fs: error (device ",
            regex=r"(?P<filesystem>UDF-fs): error \(device (?P<device>[^\s)]+)\): (?:\w+: )?(?P<message>.*)",
            printed=("UDF-fs: error (device %s): %s: %pV",),
        ),
        Pattern(
            literal="EXT2-fs (",
            regex=r"(?P<filesystem>EXT2-fs) \((?P<device>[^\s)]+)\): error: (?:\w+: )?(?P<message>.*)",
            unprinted="Debian mounts ext2 with the ext4 driver",
        ),
        Pattern(
            literal="REISERFS error (device ",
            regex=r"(?P<filesystem>REISERFS) error \(device (?P<device>[^\s)]+)\): (?P<message>.*)",
            printed=("REISERFS error (device %s): %s: %s",),
        ),
    ),
    fields=(
        Field("filesystem", "str", "name that the file system gives itself"),
        Field("device", "str", "block device"),
        Field("message", "str", "what was found"),
    ),
    key=("filesystem",),
    read=read,
    printed_by=(
        "fs/nilfs2/super.c:__nilfs_error",
        "fs/ocfs2/super.c:__ocfs2_error",
        "fs/jfs/super.c:jfs_error",
        "fs/udf/super.c:_udf_err",
        "fs/ext2/super.c:ext2_error",
        "fs/reiserfs/prints.c:__reiserfs_error",
    ),
    meaning=(
        "The file system read something that contradicts its own format, or could not read it. "
        "What happens then depends on the errors= option: go on, become read-only, or panic. "
        "Damage comes from the device below, from a mount by two machines at once (OCFS2 without "
        "its cluster stack), or from an image that was made to attack the kernel: these drivers "
        "see less testing than ext4."
    ),
    next_steps=(
        "Errors of the block device just before",
        "Unmount and run the file system's own fsck, read-only first",
        "Where does the image come from; do not mount untrusted images of these types",
    ),
    confused_with=(
        "ext4-error: the same for ext4, with its own record on disk",
        "block-io-error: the device could not be read",
    ),
    example=(
        "[  610.220010] ERROR: (device loop0): dbAllocAG: allocation request failed in the free space map"
    ),
    near_miss=(
        "[  610.220010] NILFS (loop0): segctord starting. Construction interval = 5 seconds, CP "
        "frequency < 30 seconds"
    ),
)
