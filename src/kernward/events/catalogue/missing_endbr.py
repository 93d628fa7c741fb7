"""An indirect branch went to a place that does not allow it; the CPU's branch tracking stopped it."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="missing-endbr",
    title="control protection fault in {function}",
    title_without_function="control protection fault in corrupted",
    class_="crash",
    severity="error",
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
    example=(
        "[ 3380.060825] traps: Missing ENDBR: acme_asm_entry+0x0/0x20 [acme]\n"
        "[ 3380.060834] ------------[ cut here ]------------\n"
        "[ 3380.060848] kernel BUG at arch/x86/kernel/cet.c:102!\n"
        "[ 3380.060860] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 3380.060874] CPU: 1 PID: 4624 Comm: insmod Not tainted 6.6.30-ibt #1\n"
        "[ 3380.060897] RIP: 0010:acme_asm_entry+0x0/0x20 [acme]\n"
        "[ 3380.061011] Call Trace:\n"
        "[ 3380.061015]  <TASK>\n"
        "[ 3380.061031]  acme_init+0x113/0x210 [acme]\n"
        "[ 3380.061050]  do_one_initcall+0xdf/0x220\n"
        "[ 3380.061054]  do_init_module+0x31e/0xb60\n"
        "[ 3380.061059]  __do_sys_finit_module+0xf9/0x740\n"
        "[ 3380.061078]  do_syscall_64+0x1f4/0x250\n"
        "[ 3380.061085]  entry_SYSCALL_64_after_hwframe+0x2cd/0x380\n"
        "[ 3380.061132]  </TASK>\n"
        "[ 3380.061148] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 3380.061153] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    0.210000] CET detected: Indirect Branch Tracking enabled",
)
