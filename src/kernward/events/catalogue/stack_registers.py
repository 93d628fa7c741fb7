"""The unwinder found saved registers on a kernel stack that cannot be right."""

from kernward.events.kind import Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The two wordings have titles of their own."""
    if reading.fields.get("register"):
        reading.title = "WARNING: kernel stack regs has bad '{register}' value"


KIND = Kind(
    id="stack-registers",
    title="WARNING: kernel stack {what} has bad value",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="WARNING: kernel stack regs at",
            regex=(
                r"WARNING: kernel stack regs at [0-9a-fx(]\S* in .{1,16}:\d+ has bad '"
                r"(?P<register>\w+)' value"
            ),
            unprinted="needs the frame pointer unwinder; Debian uses ORC",
        ),
        Pattern(
            literal="WARNING: kernel stack frame pointer at",
            regex=(
                r"WARNING: kernel stack (?P<what>frame pointer) at [0-9a-fx(]\S* in .{1,16}:\d+ has"
                r" bad value"
            ),
            unprinted="needs the frame pointer unwinder; Debian uses ORC",
        ),
    ),
    fields=(
        Field("register", "str", "the register that is bad"),
        Field("what", "str", "which kind of saved state"),
    ),
    key=(
        "register",
        "what",
    ),
    extent=Extent.REPORT,
    read=read,
    printed_by=("arch/x86/kernel/unwind_frame.c:unwind_next_frame",),
    meaning=(
        "While walking a kernel stack, the frame pointer unwinder met a value that points "
        "nowhere useful. Code written in assembly that uses the frame pointer register for "
        "something else (old crypto routines) is the usual reason; a real stack overwrite "
        "the rare one. Stack traces of this boot may be incomplete."
    ),
    next_steps=(
        ("Look at the stack dump below the line: assembly functions near the bad address are the suspects."),
        "Harmless if it is an assembly routine; upgrade, such routines have been fixed.",
    ),
    confused_with=("panic-stack-corrupted: the stack protector found a real overwrite.",),
    example=(
        "[ 7596.501443] WARNING: kernel stack regs at ffff8801d100fea8 in modprobe:16059 has bad "
        "'bp' value ffff8801d100ff28"
    ),
    near_miss="[  163.314570] WARNING: kernel stack depth is fine",
)
