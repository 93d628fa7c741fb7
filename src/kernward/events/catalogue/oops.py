"""An oops whose first line, which says what happened, is not in the log."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="oops",
    title="Oops in {function}",
    title_without_function="Oops in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="Oops: ",
            regex=(
                r"Oops: (?!general protection|divide|invalid opcode|stack segment|double"
                r" fault|int3|alignment|bounds|coprocessor|kernel stack)(?P<what>[^\n\[]{0,60}?)(?::"
                r" )?(?P<error_code>[0-9a-f]{4,16}) \[#(?P<oops>\d+)\]"
            ),
            printed=("Oops",),
        ),
        Pattern(
            literal="Oops: ",
            regex=(
                r"Oops: (?P<what>int3|alignment check|bounds|coprocessor segment overrun|invalid"
                r" TSS|segment not present|machine check|[A-Z][\w ,()-]{3,60}), sig: \d+ \[#"
                r"(?P<oops>\d+)\]"
            ),
            unprinted="printed by powerpc",
        ),
        Pattern(
            literal="Kernel BUG [#",
            regex=r"Kernel BUG \[#(?P<oops>\d+)\]",
            unprinted="printed by riscv",
        ),
        Pattern(
            literal="Oops [#",
            regex=r"Oops \[#(?P<oops>\d+)\]",
            unprinted="printed by riscv",
        ),
    ),
    fields=(
        Field("what", "str", "the trap, where the line names it"),
        Field("error_code", "hex", "the CPU's error code"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=(
        "arch/x86/kernel/dumpstack.c:__die",
        "arch/powerpc/kernel/traps.c:__die",
    ),
    meaning=(
        "The kernel took a fault it could not handle; the numbered line is the start of the "
        "register dump. The line before it, which names the fault and the address, is "
        "missing from this log (lost, cut, or in another source). The task that ran was "
        "killed; `[#2]` and higher are consequences of the first."
    ),
    next_steps=(
        (
            "Look for the missing first line: another console, the journal, pstore "
            "(`/sys/fs/pstore`), netconsole."
        ),
        (
            "Decode the error code of an x86 page fault: bit 0 protection, bit 1 write, bit 2 "
            "user, bit 4 instruction fetch."
        ),
        "`scripts/faddr2line vmlinux <function+offset>` for the RIP.",
    ),
    confused_with=(
        "page-fault: the line that names the fault is there.",
        "null-pointer-dereference: the same for NULL.",
    ),
    example=(
        "[ 6694.122519] Oops: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 6694.122536] CPU: 4 PID: 20971 Comm: modprobe Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 6694.122565] RIP: 0010:nvidia_init_module+0xc50/0xd60 [acme]\n"
        "[ 6694.122700] Call Trace:\n"
        "[ 6694.122713]  <TASK>\n"
        "[ 6694.122718]  do_one_initcall+0x264/0x2e0\n"
        "[ 6694.122731]  do_init_module+0x46c/0x890\n"
        "[ 6694.122750]  __do_sys_finit_module+0x45e/0x7c0\n"
        "[ 6694.122761]  do_syscall_64+0x45/0x540\n"
        "[ 6694.122767]  entry_SYSCALL_64_after_hwframe+0x31a/0xb50\n"
        "[ 6694.122815]  </TASK>\n"
        "[ 6694.122829] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 6694.122840] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   52.110111] app[612]: Oops: request 4711 failed [#1]",
)
