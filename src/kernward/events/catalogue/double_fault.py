"""A fault happened while the CPU was entering a fault handler: almost always a kernel stack overflow or a
broken page table."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="double-fault",
    title="PANIC: double fault in {function}",
    title_without_function="PANIC: double fault in corrupted",
    class_="crash",
    severity="fatal",
    subsystem=None,
    patterns=(
        Pattern(
            literal="PANIC: double fault",
            regex=r"(?:traps: )?PANIC: double fault(?:, error_code: 0x(?P<error_code>[0-9a-f]+))?",
        ),
        Pattern(
            literal="double fault: ",
            regex=r"(?:Oops: )?double fault: (?P<error_code>[0-9a-f]{4}) \[#\d+\]",
            printed=("double fault",),
        ),
    ),
    fields=(Field("error_code", "hex", "the CPU's error code"),),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("oops",),
    printed_by=("arch/x86/kernel/traps.c:exc_double_fault",),
    meaning=(
        "The CPU could not deliver an exception because delivering it faulted too. The usual "
        "reason is a kernel stack that ran into its guard page or a stack pointer that is "
        "garbage; others are damaged entry code, a bad GDT/TSS or failing hardware. The "
        "machine stops."
    ),
    next_steps=(
        (
            "Compare RSP with the stack bounds; if RSP is just below a stack, it is an overflow: "
            "find the recursion or the large frame (`scripts/checkstack.pl`)."
        ),
        ("See whether a hypervisor migration, a suspend or a microcode update came just before."),
        "Capture a kdump next time: the printed stack is often unusable.",
    ),
    confused_with=("stack-guard-page: the kernel recognised the overflow and says so.",),
    example=(
        "[ 4031.436692] traps: PANIC: double fault, error_code: 0x0\n"
        "[ 4031.436698] CPU: 0 PID: 22107 Comm: qemu-system-x86 Not tainted 6.1.0-28-amd64 "
        "#1  Debian 6.1.119-1"
    ),
    near_miss="[ 4031.436692] kvm: guest raised a double fault, error_code: 0x0",
)
