"""A program read memory with an uncorrectable error."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="mce-user-memory",
    title="Uncorrected memory error in user access",
    class_="hardware",
    severity="error",
    subsystem="x86/mce",
    patterns=(
        Pattern(
            literal="Uncorrected hardware memory error in user-access at ",
            regex=r"(?:mce: )?Uncorrected hardware memory error in user-access at (?P<addr>[0-9a-f]+)",
        ),
        Pattern(
            literal="Kernel accessed poison in user space at ",
            regex=r"(?:mce: )?Kernel accessed poison in user space at (?P<addr>[0-9a-f]+)",
        ),
    ),
    fields=(Field("addr", "hex", "physical address"),),
    printed_by=(
        "arch/x86/kernel/cpu/mce/core.c:kill_me_maybe",
        "arch/x86/kernel/cpu/mce/core.c:kill_me_never",
    ),
    meaning=(
        "A load hit memory whose contents are lost, in user mode or while the kernel copied for a program. "
        "The kernel takes the page out of use and sends the program SIGBUS, with the address, unless the "
        "page was clean and can be read again from its file."
    ),
    next_steps=(
        "Look at the memory-failure events that follow for the page and the process.",
        "Replace the DIMM: uncorrected errors in use recur. Find it by EDAC or the BMC's log.",
    ),
    confused_with=(
        "memory-failure: what was done about the page",
        "mce-fatal: an error from which nothing can recover",
    ),
    example="[91002.711301] mce: Uncorrected hardware memory error in user-access at 1f4a6d00c0",
    near_miss="[91002.711301] mce: Memory error not recovered",
)
