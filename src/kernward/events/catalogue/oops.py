"""An oops whose first line, which says what happened, is not in the log."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="oops",
    title="Oops in {function}",
    title_without_function="Oops in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
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
        "[   52.110111] Oops: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[   52.110115] CPU: 1 PID: 733 Comm: modprobe Tainted: G           OE      "
        "6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss="[   52.110111] app[612]: Oops: request 4711 failed [#1]",
)
