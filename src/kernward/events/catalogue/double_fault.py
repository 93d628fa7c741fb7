"""A fault happened while the CPU was entering a fault handler: almost always a kernel stack overflow or a
broken page table."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="double-fault",
    title="PANIC: double fault in {function}",
    title_without_function="PANIC: double fault in corrupted",
    class_="crash",
    severity="fatal",
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
    absorbs=("oops", "double-fault"),
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
        "[  685.480658] traps: PANIC: double fault, error_code: 0x0\n"
        "[  685.480676] CPU: 3 PID: 12914 Comm: qemu-system-x86 Not tainted 6.1.0-28-amd64 #1  "
        "Debian 6.1.119-1\n"
        "[  685.480689] RIP: 0010:kvm_arch_vcpu_ioctl_run+0x605/0xc20 [kvm]\n"
        "[  685.480801] Call Trace:\n"
        "[  685.480804]  <TASK>\n"
        "[  685.480813]  kvm_vcpu_ioctl+0x247/0x890 [kvm]\n"
        "[  685.480829]  __x64_sys_ioctl+0x363/0x6d0\n"
        "[  685.480836]  do_syscall_64+0x1af/0xdf0\n"
        "[  685.480844]  entry_SYSCALL_64_after_hwframe+0x241/0x710\n"
        "[  685.480898]  </TASK>\n"
        "[  685.480906] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[  685.480909] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[ 4031.436692] kvm: guest raised a double fault, error_code: 0x0",
)
