"""An indirect branch went to a place that does not allow it; the CPU's branch tracking stopped it."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="missing-endbr",
    title="control protection fault in {function}",
    title_without_function="control protection fault in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Missing ENDBR: ",
            regex=r"(?:traps: )?Missing ENDBR: (?P<target>[\w.$]+|0x[0-9a-f]+)",
            unprinted="CONFIG_X86_KERNEL_IBT is off in Debian's 6.1 kernels",
        ),
        Pattern(
            literal="control protection",
            regex=r"(?:Oops: )?control protection: (?P<error_code>[0-9a-f]{4}) \[#\d+\]",
            unprinted="CONFIG_X86_KERNEL_IBT is off in Debian's 6.1 kernels",
        ),
    ),
    fields=(
        Field("target", "str", "where the branch went"),
        Field("error_code", "hex", "the CPU's error code"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "kernel-bug",
        "invalid-opcode",
        "oops",
        "missing-endbr",
    ),
    printed_by=("arch/x86/kernel/cet.c:do_kernel_cp_fault",),
    meaning=(
        "With indirect branch tracking the target of every indirect jump or call must begin "
        "with an ENDBR instruction. This one does not: hand-written assembly or an "
        "out-of-tree module without it, or a function pointer that was overwritten."
    ),
    next_steps=(
        ("Which function is the target? In a module: was it built with the kernel's own flags (objtool)?"),
        "A target in the middle of a function: memory corruption or an attack.",
    ),
    confused_with=("cfi-failure: the compiler's finer check.",),
    example="[   31.440012] traps: Missing ENDBR: bad_hook+0x0/0x20 [badmod]",
    near_miss="[    0.210000] CET detected: Indirect Branch Tracking enabled",
)
