"""A kernel stack overflowed (arm64, riscv, powerpc and s390 wordings)."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="kernel-stack-overflow",
    title="kernel stack overflow in {function}",
    alt_titles=("stack-overflow in {function}",),
    title_without_function="kernel stack overflow in corrupted",
    class_="crash",
    severity="fatal",
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
            regex=r"Kernel panic - not syncing: Kernel stack overflow",
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
        "[ 8370.555175] Insufficient stack space to handle exception!\n"
        "[ 8370.555192] ESR: 0x0000000096000047 -- DABT (current EL)\n"
        "[ 8370.555205] FAR: 0xffff80000b4efff0\n"
        "[ 8370.555218] Task stack:     [0xffff80000b4f0000..0xffff80000b4f4000]\n"
        "[ 8370.555232] IRQ stack:      [0xffff800008008000..0xffff80000800c000]\n"
        "[ 8370.555249] Overflow stack: [0xffff00013f7b4b40..0xffff00013f7b5b40]\n"
        "[ 8370.555262] CPU: 4 PID: 16299 Comm: fio Not tainted 6.1.0-28-arm64 #1  Debian 6.1.119-1\n"
        "[ 8370.555303] pc : ovl_path_real+0x7f/0x650 [overlay]\n"
        "[ 8370.555309] lr : ovl_permission+0x62a/0xbd0 [overlay]\n"
        "[ 8370.555322] Kernel panic - not syncing: kernel stack overflow\n"
        "[ 8370.555329] CPU: 4 PID: 16299 Comm: fio Not tainted 6.1.0-28-arm64 #1  Debian 6.1.119-1\n"
        "[ 8370.555352] Call trace:\n"
        "[ 8370.555369]  dump_backtrace+0x115/0x1a0\n"
        "[ 8370.555373]  show_stack+0x468/0xd50\n"
        "[ 8370.555391]  dump_stack_lvl+0x76f/0x8f0\n"
        "[ 8370.555396]  dump_stack+0x800/0xd40\n"
        "[ 8370.555403]  panic+0x3f3/0x4f0\n"
        "[ 8370.555423]  nmi_panic+0x78b/0xb10\n"
        "[ 8370.555785] ---[ end Kernel panic - not syncing: kernel stack overflow ]---"
    ),
    near_miss="[ 1349.302849] app[77]: Insufficient stack space to handle exception",
)
