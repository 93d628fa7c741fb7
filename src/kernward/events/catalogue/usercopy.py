"""A copy between kernel and user memory would have crossed the object's bounds and was refused."""

import re

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Kernels that only warn have a title of their own."""
    reading.machinery.append((r"\w*usercopy\w*|__check\w*", "checks the copy for its caller"))
    if any(re.match(r"WARNING: .{0,40}mm/usercopy\.c:", text) for text in reading.texts[:3]):
        reading.title = "WARNING: bad usercopy in {function}"
        reading.title_without_function = "WARNING: bad usercopy in corrupted"


KIND = Kind(
    id="usercopy",
    title="BUG: bad usercopy in {function}",
    title_without_function="BUG: bad usercopy in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="ernel memory ",
            regex=(
                r"(?:usercopy: )?[Kk]ernel memory (?P<direction>exposure|overwrite) attempt detected"
                r" (?:from|to) (?P<object>[^\n(]{1,80}?) ?(?:\(offset (?P<offset>\d+), size "
                r"(?P<size_bytes>\d+)\)|\((?:\d+ bytes)\))?!?$"
            ),
            printed=("usercopy: Kernel memory %s attempt detected %s %s%s%s%s (offset %lu, size %lu)!",),
        ),
        Pattern(
            literal="mm/usercopy.c:",
            regex=r"kernel BUG at [\w./-]*mm/usercopy\.c:(?P<at_line>\d+)!",
            printed=("mm/usercopy.c",),
        ),
        Pattern(
            literal="mm/usercopy.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at )?[\w./-]*mm/usercopy\.c:"
                r"(?P<at_line>\d+)"
            ),
            printed=("mm/usercopy.c",),
        ),
    ),
    fields=(
        Field("direction", "str", "exposure (kernel to user) or overwrite (user to kernel)"),
        Field("object", "str", "the memory concerned"),
        Field("offset", "int", "bytes from the object's start"),
        Field("size_bytes", "int", "length of the copy"),
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "kernel-bug",
        "warning",
        "invalid-opcode",
        "oops",
        "usercopy",
        "internal-error",
    ),
    read=read,
    printed_by=("mm/usercopy.c:usercopy_abort",),
    meaning=(
        "Hardened usercopy checks that copy_to_user() and copy_from_user() stay within one "
        "kernel object. The copy would have leaked kernel memory (exposure) or overwritten "
        "it (overwrite), so the task was killed. Either the length is wrong, a security bug, "
        "or the slab cache does not declare the copied part as its usercopy region."
    ),
    next_steps=(
        "Find the copy in the guilty frame: where does the length come from?",
        "The object's cache name and offset tell which structure: `pahole`.",
        "Treat it as a possible security issue; note uid and program.",
    ),
    confused_with=(
        ("fortify: the compile-time size of a buffer was exceeded in a string or memory function."),
    ),
    example=(
        "[   40.635701] usercopy: Kernel memory overwrite attempt detected to SLUB object "
        "'kmalloc-64' (offset 0, size 128)!\n"
        "[   40.635789] kernel BUG at mm/usercopy.c:102!"
    ),
    near_miss="[   40.635701] app: Kernel memory usage report",
)
