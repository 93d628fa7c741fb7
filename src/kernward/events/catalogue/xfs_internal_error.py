"""A consistency check in the XFS code failed; the message names the source line and the caller."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_CALLER = re.compile(r"Caller (?P<function>\w+)[\w.]*\+0x")


def read(reading: Reading) -> None:
    """The message has the place of the check and the function that called it."""
    reading.file = reading.fields.get("source_file")
    reading.line = reading.fields.get("source_line")
    if caller := _CALLER.search(reading.texts[0]):
        reading.function = caller["function"]
        reading.function_reason = "named by the message as the caller of the failed check"


KIND = Kind(
    id="xfs-internal-error",
    title="XFS: internal error in {function}",
    title_without_function="XFS: internal error",
    class_="storage",
    severity="error",
    subsystem="xfs",
    patterns=(
        Pattern(
            literal="Internal error ",
            regex=(
                r"XFS \((?P<device>[^\s)]+)\): Internal error (?P<check>.{1,200}?) at line "
                r"(?P<source_line>\d+) of file (?P<source_file>[\w./-]+)\.  ?Caller "
                r"(?:[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+|0x[0-9a-f]+)"
            ),
            printed=("Internal error %s at line %d of file %s.  Caller %pS",),
        ),
    ),
    fields=(
        Field("device", "str", "block device as the file system names it"),
        Field("check", "str", "the condition that was not met, or the name of the function that reports"),
        Field("source_line", "int", "line of the check"),
        Field("source_file", "str", "file of the check, as compiled in"),
    ),
    continues=(r"XFS \([^\s)]+\): Corruption detected\. Unmount and run xfs_repair",),
    reach=40,
    read=read,
    printed_by=(
        "fs/xfs/xfs_error.c:xfs_error_report",
        "fs/xfs/xfs_error.c:xfs_corruption_error",
    ),
    meaning=(
        "An invariant in the XFS code did not hold: a btree record that is not where it must be, "
        "an extent freed twice, a transaction cancelled after it had changed something. A stack "
        "trace follows, but the machine goes on; if a dirty transaction was cancelled the file "
        "system is shut down. The on-disk metadata is damaged, or the code is wrong; the "
        "verifiers catch most damage earlier, so errors without a verifier message before them "
        "are more often bugs."
    ),
    next_steps=(
        "Open the named file at the named line in the source of this very kernel",
        "The lines before: verifier or I/O errors of the same device make damage likely",
        "Unmount, xfs_metadump, xfs_repair -n",
        ("Search the fixes to that function after this release; compare over hosts of the same kernel"),
    ),
    confused_with=(
        "xfs-metadata-corruption: found by a verifier, with the block's address",
        "xfs-shutdown: the consequence, with its own place in the source",
    ),
    example=(
        "[ 5012.660020] XFS (dm-5): Internal error i != 1 at line 2108 of file "
        "fs/xfs/libxfs/xfs_alloc.c.  Caller xfs_free_ag_extent+0x3c5/0x7e0 [xfs]"
    ),
    near_miss="[ 5012.660020] XFS (dm-5): Corruption detected. Unmount and run xfs_repair",
)
