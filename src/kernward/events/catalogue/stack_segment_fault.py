"""x86 refused a stack access in the kernel: a non-canonical address in RSP or RBP."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="stack-segment-fault",
    title="stack segment fault in {function}",
    title_without_function="stack segment fault in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="stack segment: ",
            regex=r"(?:Oops: )?stack segment: (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("stack segment",),
        ),
    ),
    fields=(
        Field("error_code", "hex", "the CPU's error code"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("oops",),
    printed_by=("arch/x86/kernel/traps.c:exc_stack_segment",),
    meaning=(
        "An access through the stack or base pointer used an address that is not canonical. "
        "It is the twin of the general protection fault for instructions that use RSP or RBP "
        "as a base; the pointer was garbage or poison."
    ),
    next_steps=(
        "`scripts/decodecode < oops`: which register was used, and what is in it.",
        (
            "If RSP itself is bad, suspect a stack overwrite or broken entry code; if RBP holds "
            "a data pointer (no frame pointers), treat it as a wild pointer in the guilty "
            "function."
        ),
    ),
    confused_with=("general-protection-fault: the same bug through another base register.",),
    example="[    7.793224] stack segment: 0000 [#1] PREEMPT SMP PTI",
    near_miss="[    7.793224] traps: app[99] trap stack segment ip:401136 sp:7ffd0 error:0",
)
