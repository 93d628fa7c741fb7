"""The kernel took a CPU exception that has no kind of its own."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="cpu-trap",
    title="{trap} in {function}",
    title_without_function="{trap} in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="int3: ",
            regex=r"(?:Oops: )?(?P<trap>int3): (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("int3",),
        ),
        Pattern(
            literal="alignment check: ",
            regex=r"(?:Oops: )?(?P<trap>alignment check): (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("alignment check",),
        ),
        Pattern(
            literal="invalid TSS: ",
            regex=r"(?:Oops: )?(?P<trap>invalid TSS): (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("invalid TSS",),
        ),
        Pattern(
            literal="segment not present: ",
            regex=(
                r"(?:Oops: )?(?P<trap>segment not present): (?P<error_code>[0-9a-f]{4}) \[#"
                r"(?P<oops>\d+)\]"
            ),
            printed=("segment not present",),
        ),
        Pattern(
            literal="Bad pagetable: ",
            regex=r"(?:Oops: )?(?P<trap>Bad pagetable): (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("Bad pagetable",),
        ),
    ),
    fields=(
        Field("trap", "str", "the exception"),
        Field("error_code", "hex", "the CPU's error code"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    key=("trap",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("oops",),
    printed_by=("arch/x86/kernel/traps.c",),
    meaning=(
        "An exception that never happens in good kernel code was taken: a breakpoint (int3) "
        "that no kprobe, ftrace or debugger owns, a bad segment, an alignment check, or a "
        "page table with reserved bits set (`Bad pagetable`). Code or page tables were "
        "changed by something that should not, or are being changed without the necessary "
        "synchronisation."
    ),
    next_steps=(
        (
            "int3: kprobes, ftrace, live patches or static keys being changed just then? `cat "
            "/sys/kernel/debug/kprobes/list`."
        ),
        "Bad pagetable: a flipped bit is likely: test the memory, look at the PGD line.",
        "`scripts/decodecode < oops` for the bytes at RIP.",
    ),
    confused_with=("invalid-opcode: an instruction the CPU does not know.",),
    example="[  140.221190] int3: 0000 [#1] PREEMPT SMP NOPTI",
    near_miss="[  140.221190] traps: app[311] trap int3 ip:401136 sp:7ffd0 error:0 in app[401000+1000]",
)
