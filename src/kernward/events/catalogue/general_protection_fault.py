"""x86 refused an instruction in the kernel: most often the use of a pointer that is no valid address at
all."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="general-protection-fault",
    title="general protection fault in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="general protection fault in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        # Since 5.6 with the probable address; newer ones print it after 'Oops: '.
        Pattern(
            literal="general protection fault",
            regex=(
                r"(?:kasan: GPF could be caused by NULL-ptr deref or user memory access)?"
                r"(?:Oops: )?general protection fault(?:, (?:probably|maybe) for (?:non-canonical"
                r" )?address 0x(?P<address>[0-9a-f]+))?(?:, kernel [A-Z_ ]+0x[0-9a-f]+)?: "
                r"(?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]"
            ),
            printed=("general protection fault",),
        ),
        # A line cut before the error code.
        Pattern(
            literal="general protection fault",
            regex=(
                r"(?:Oops: )?general protection fault, (?:probably|maybe) for (?:non-canonical"
                r" )?address 0x(?P<address>[0-9a-f]+)"
            ),
            printed=("general protection fault",),
        ),
    ),
    fields=(
        Field("address", "hex", "the address used, where the kernel could tell"),
        Field("error_code", "hex", "the CPU's error code, a segment selector or 0"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "oops",
        "kasan-range",
    ),
    printed_by=("arch/x86/kernel/traps.c:exc_general_protection",),
    meaning=(
        "The CPU refused an access whose address is not canonical (neither user nor kernel "
        "half), or a privileged instruction with a bad operand. The pointer was garbage: "
        "poison of freed memory, text, or an uninitialised register. On kernels with KASAN, "
        "a NULL or wild pointer also ends here because the shadow address is not canonical; "
        "the `KASAN: null-ptr-deref in range` line then gives the real address."
    ),
    next_steps=(
        (
            "Look at the address and the registers: 6b6b6b6b… freed memory, dead000000000100/122 "
            "a list entry used after list_del, dffffc… KASAN's shadow of the real address."
        ),
        (
            "`scripts/decodecode < oops` shows which register was the bad pointer; "
            "`scripts/faddr2line` the guilty frame."
        ),
        "Repeat on a KASAN kernel: it shows who freed the object.",
        ("One flipped bit in an otherwise good pointer: check machine checks, EDAC and run a memory test."),
    ),
    confused_with=(
        "page-fault: the address was canonical but not mapped.",
        ("segfault: `traps: app[1] general protection fault ip:…` is a user-space program, no kernel bug."),
    ),
    example=(
        "[ 2273.111068] general protection fault, probably for non-canonical address "
        "0xdead000000000122: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 2273.111084] CPU: 1 PID: 10359 Comm: nginx Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 2273.111107] RIP: 0010:ep_remove+0x2bc/0xd80\n"
        "[ 2273.111254] Call Trace:\n"
        "[ 2273.111262]  <TASK>\n"
        "[ 2273.111278]  ep_free+0x205/0x780\n"
        "[ 2273.111288]  ep_eventpoll_release+0x259/0x7b0\n"
        "[ 2273.111302]  __fput+0x32/0x110\n"
        "[ 2273.111313]  task_work_run+0x3f4/0x680\n"
        "[ 2273.111316]  exit_to_user_mode_prepare+0x38/0x140\n"
        "[ 2273.111324]  syscall_exit_to_user_mode+0xa8/0xb0\n"
        "[ 2273.111390]  </TASK>\n"
        "[ 2273.111405] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 2273.111420] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss=(
        "[  871.540161] traps: app[411] general protection fault ip:55d0c1a01139 "
        "sp:7ffe0c1ff0 error:0 in app[55d0c1a01000+1000]"
    ),
)
