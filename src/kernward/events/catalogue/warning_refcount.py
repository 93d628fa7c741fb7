"""A reference count went wrong: below zero, saturated, or taken from zero."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """An object's own get and put count for their caller."""
    reading.machinery.append((r"\w*(?:refcount|kobject_)\w*", "counts for its caller"))


KIND = Kind(
    id="warning-refcount",
    title="WARNING: refcount bug in {function}",
    title_without_function="WARNING: refcount bug in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="lib/refcount.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at )?[\w./-]*lib/refcount\.c:"
                r"(?P<at_line>\d+)"
            ),
            printed=("lib/refcount.c",),
        ),
        Pattern(
            literal="refcount_t: ",
            regex=r"refcount_t: (?P<bug>[^\n.]{4,60})\.",
        ),
    ),
    fields=(
        Field("bug", "str", "what the counter did"),
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "warning",
        "warning-refcount",
    ),
    read=read,
    printed_by=("lib/refcount.c:refcount_warn_saturate",),
    meaning=(
        "A refcount_t was used in a way that means an object's life time is wrong: "
        "`underflow; use-after-free` is one put too many, `addition on 0; use-after-free` a "
        "get on an object already freed, `saturated; leaking memory` far too many gets. The "
        "counter is frozen so that it cannot be exploited, and the object leaks or has "
        "already been used after it was freed. Memory corruption may follow."
    ),
    next_steps=(
        ("Find the object: the guilty frame is the caller of the get or put; list all its gets and puts."),
        (
            "Look for an error path that puts twice, or a lookup that takes a reference without "
            "holding the lock."
        ),
        "Repeat on a KASAN kernel: it shows the free that came too early.",
        "Treat later oopses of this boot as consequences.",
    ),
    confused_with=(
        "kasan: reports the use-after-free itself.",
        "warning: any other WARN.",
    ),
    example=(
        "[  402.118734] refcount_t: underflow; use-after-free.\n"
        "[  402.118745] WARNING: CPU: 1 PID: 4021 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110"
    ),
    near_miss="[  402.118734] driver: module refcount is 3, refcount_t not used",
)
