"""x86 refused a stack access in the kernel: a non-canonical address in RSP or RBP."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="stack-segment-fault",
    title="stack segment fault in {function}",
    title_without_function="stack segment fault in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="stack segment: ",
            regex=r"(?:Oops: )?stack segment: (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("stack segment",),
        ),
    ),
    fields=(
        Field("error_code", "hex", "the CPU's error code"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("oops",),
    printed_by=("arch/x86/kernel/traps.c:exc_stack_segment",),
    meaning=(
        "An access through the stack or base pointer used an address that is not canonical. "
        "It is the twin of the general protection fault for instructions that use RSP or RBP "
        "as a base; the pointer was garbage or poison."
    ),
    next_steps=(
        "`scripts/decodecode < oops`: which register was used, and what is in it.",
        (
            "If RSP itself is bad, suspect a stack overwrite or broken entry code; if RBP holds "
            "a data pointer (no frame pointers), treat it as a wild pointer in the guilty "
            "function."
        ),
    ),
    confused_with=("general-protection-fault: the same bug through another base register.",),
    example=(
        "[ 3583.903268] stack segment: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 3583.903280] CPU: 0 PID: 25331 Comm: dmsetup Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 3583.903298] RIP: 0010:dm_table_destroy+0x8e/0x1c0 [dm_mod]\n"
        "[ 3583.903455] Call Trace:\n"
        "[ 3583.903462]  <TASK>\n"
        "[ 3583.903471]  __dm_destroy+0x3b1/0x860 [dm_mod]\n"
        "[ 3583.903483]  dev_remove+0x27/0x40 [dm_mod]\n"
        "[ 3583.903501]  ctl_ioctl+0xa5e/0xae0 [dm_mod]\n"
        "[ 3583.903509]  dm_ctl_ioctl+0x338/0x690 [dm_mod]\n"
        "[ 3583.903514]  __x64_sys_ioctl+0x1d2/0xb30\n"
        "[ 3583.903518]  do_syscall_64+0x55a/0xd40\n"
        "[ 3583.903580]  </TASK>\n"
        "[ 3583.903599] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 3583.903616] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    7.793224] traps: app[99] trap stack segment ip:401136 sp:7ffd0 error:0",
)
