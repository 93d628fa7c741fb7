"""vmalloc() was asked for zero bytes."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="warning-zero-size-vmalloc",
    title="WARNING: zero-size vmalloc in {function}",
    title_without_function="WARNING: zero-size vmalloc in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="mm/vmalloc.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at )?[\w./-]*mm/vmalloc\.c:"
                r"(?P<at_line>\d+)(?: at)? (?P<at_function>_{0,2}vmalloc_(?:area_)?node\w*)"
            ),
            printed=("mm/vmalloc.c",),
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
        Field("at_function", "str", "the function that holds the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("mm/vmalloc.c:__vmalloc_node_range",),
    meaning=(
        "A caller of vmalloc() passed a size of zero, usually the product of a count from "
        "user space or a device. The call returns NULL. If the caller takes NULL for "
        "success, a NULL dereference follows."
    ),
    next_steps=(
        "Look at the guilty frame: which count is zero and where it comes from.",
        (
            "`scripts/faddr2line vmlinux <function+offset>` for the guilty frame; read the "
            "condition at the printed file and line."
        ),
    ),
    confused_with=("warning-kmalloc: the size was too large.",),
    example=(
        "[   71.553012] WARNING: CPU: 1 PID: 2949 at mm/vmalloc.c:3132 __vmalloc_node_range+0x44c/0x584"
    ),
    near_miss="[   71.553012] vmalloc: allocation of 0 bytes from mm/vmalloc.c",
)
