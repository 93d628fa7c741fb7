"""arm: a misaligned access in the kernel that could not be fixed up."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="alignment-trap",
    title="Alignment trap in {function}",
    title_without_function="Alignment trap in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Alignment trap: not handling instruction",
            regex=(
                r"Alignment trap: not handling instruction (?P<instruction>[0-9a-f]+) at \[<"
                r"(?P<pc>[0-9a-f]+)>\]"
            ),
            unprinted="printed by 32-bit arm only",
        ),
        Pattern(
            literal="Unhandled fault: alignment exception",
            regex=(
                r"Unhandled fault: alignment exception \(0x(?P<fsr>[0-9a-f]+)\) at (?:0x)?"
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by 32-bit arm only",
        ),
    ),
    fields=(
        Field("instruction", "hex", "the instruction's code"),
        Field("pc", "hex", "its address"),
        Field("fsr", "hex", "the fault status register"),
        Field("address", "hex", "the misaligned address"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "internal-error",
        "oops",
        "alignment-trap",
        "unhandled-fault",
    ),
    printed_by=("arch/arm/mm/alignment.c:do_alignment",),
    meaning=(
        "An instruction that needs an aligned address (ldrex, ldrd, ldm, vector loads) got a "
        "misaligned one, and the kernel has no emulation for it. The pointer comes from a "
        "packed structure or a network header that was cast, or it is garbage."
    ),
    next_steps=(
        (
            "`scripts/faddr2line vmlinux <function+offset>` for the PC; look for a cast of a "
            "packed or wire format to an aligned type."
        ),
        "Use get_unaligned()/put_unaligned() there; upstream may have done so.",
    ),
    confused_with=("unhandled-fault: another fault status.",),
    example=(
        "[   61.200044] Alignment trap: not handling instruction e1932f9f at [<8028bd58>]\n"
        "[   61.200050] Unhandled fault: alignment exception (0x001) at 0x000008ad"
    ),
    near_miss="[    0.180000] Alignment trap: enabled",
)
