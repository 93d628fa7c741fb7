"""arm and arm64: the kernel took an exception that it cannot handle."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="internal-error",
    title="Internal error in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="Internal error in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Internal error: ",
            regex=(
                r"Internal error: (?P<what>[^\n]{0,80}?): "
                r"(?P<esr>[0-9a-f]+) \[#(?P<oops>\d+)\]"
            ),
            unprinted="printed by arm and arm64 only",
        ),
    ),
    fields=(
        Field("what", "str", "the exception, in the kernel's words"),
        Field("esr", "hex", "the syndrome register"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "oops",
        "synchronous-external-abort",
    ),
    printed_by=(
        "arch/arm64/kernel/traps.c:die",
        "arch/arm/kernel/traps.c:die",
    ),
    meaning=(
        "An exception was taken in kernel mode and none of the handlers could deal with it: "
        "a synchronous external abort (the bus or memory refused the access), an undefined "
        "instruction, an alignment fault, a pointer authentication or branch target failure. "
        "The words before the number name the class, the number is the syndrome (ESR) with "
        "the details."
    ),
    next_steps=(
        (
            "Decode the syndrome: bits 31..26 are the exception class, the low six bits of a "
            "data abort the fault status."
        ),
        (
            "For an external abort: which device register or memory was accessed, and was its "
            "clock or power domain off? `cat /sys/kernel/debug/clk/clk_summary`."
        ),
        "`scripts/faddr2line vmlinux <function+offset>` for the pc.",
    ),
    confused_with=(
        "page-fault: `Unable to handle kernel …` precedes and names the event.",
        "serror: the abort was asynchronous; the pc is not the culprit.",
    ),
    example="[  211.592905] Internal error: synchronous external abort: 96000010 [#1] PREEMPT SMP",
    near_miss="[  211.592905] nvme nvme0: Internal error: abort status",
)
