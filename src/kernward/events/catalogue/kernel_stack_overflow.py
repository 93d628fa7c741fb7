"""A kernel stack overflowed (arm64, riscv, powerpc and s390 wordings)."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="kernel-stack-overflow",
    title="kernel stack overflow in {function}",
    alt_titles=("stack-overflow in {function}",),
    title_without_function="kernel stack overflow in corrupted",
    class_="crash",
    severity="fatal",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Insufficient stack space to handle exception",
            regex=r"Insufficient stack space to handle exception[!.]?",
            unprinted="printed by arm64 and riscv only",
        ),
        Pattern(
            literal="kernel stack overflow",
            regex=(
                r"(?:Oops: )?kernel stack overflow \((?:double-fault|page fault)\): "
                r"(?P<error_code>[0-9a-f]{4}) \[#\d+\]"
            ),
            unprinted="the wording was changed before 6.1",
        ),
        Pattern(
            literal="Kernel stack overflow",
            regex=r"Kernel stack overflow(?:\.|$| in process)",
            unprinted="printed by other architectures than amd64",
        ),
        Pattern(
            literal="kernel stack overflow",
            regex=r"Kernel panic - not syncing: kernel stack overflow",
            unprinted="printed by arm64 only",
        ),
        Pattern(
            literal="Kernel stack overflow",
            regex=r"Kernel panic - not syncing: [Kk]ernel stack overflow",
            unprinted="printed by other architectures than amd64",
        ),
    ),
    fields=(Field("error_code", "hex", "the CPU's error code"),),
    extent=Extent.REPORT,
    blame=Blame.STALL,
    absorbs=(
        "oops",
        "kernel-stack-overflow",
    ),
    printed_by=(
        "arch/arm64/kernel/traps.c:panic_bad_stack",
        "arch/riscv/kernel/traps.c:handle_bad_stack",
    ),
    meaning=(
        "The kernel stack ran out: the exception entry found no room and switched to an "
        "emergency stack to report it. Something recursed without bound or a chain of layers "
        "with large frames became too deep. The machine panics."
    ),
    next_steps=(
        "Look for a function that repeats in the trace.",
        "Find large frames with `scripts/checkstack.pl`.",
        ("Write down how file systems, block devices or network devices are stacked on this host."),
    ),
    confused_with=("stack-guard-page: x86's wording of the same.",),
    example=(
        "[ 1349.302849] Insufficient stack space to handle exception!\n"
        "[ 1349.302855] ESR: 0x0000000096000047 -- DABT (current EL)"
    ),
    near_miss="[ 1349.302849] app[77]: Insufficient stack space to handle exception",
)
