"""A fault in the kernel whose header ends before it says what was accessed."""

from kernward.events.kind import Extent, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The header is not whole, so the report is not either."""
    reading.corrupted_reason = "the header ends before it says what was accessed"


KIND = Kind(
    id="fault-cut",
    title="BUG: unable to handle kernel",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="nable to handle kernel",
            regex=r"(?:BUG: )?[uU]nable to handle kernel ?$",
            unprinted="part of a header that kernels before 5.2 printed in two steps",
        ),
    ),
    extent=Extent.REPORT,
    absorbs=("oops", "internal-error"),
    read=read,
    printed_by=("arch/x86/mm/fault.c:show_fault_oops",),
    meaning=(
        "The kernel took a fault that it could not handle. Kernels before 5.2 printed the header in "
        "two steps, and another CPU's message or a loss came between them, so the log does not say "
        "whether the pointer was NULL or wild. The registers and the stack that follow still do."
    ),
    next_steps=(
        "Look for the rest of the header a few lines later, or in another copy of the log.",
        "CR2 in the register dump is the address: below 4096 means NULL with an offset.",
        "`scripts/faddr2line vmlinux <function+offset>` for the RIP.",
    ),
    confused_with=(
        "page-fault: the whole header is there.",
        "null-pointer-dereference: the whole header is there.",
    ),
    example=(
        "[ 4113.028522] BUG: unable to handle kernel\n"
        "[ 4113.028540] IP: [<ffffffff8117e2a1>] ep_poll_callback+0x51/0x2f0\n"
        "[ 4113.028549] Oops: 0000 [#1] SMP"
    ),
    near_miss="[  324.110021] BUG: unable to handle kernel NULL pointer dereference at 0000000000000018",
)
