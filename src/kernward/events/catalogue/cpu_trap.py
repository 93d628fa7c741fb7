"""The kernel took a CPU exception that has no kind of its own."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="cpu-trap",
    title="{trap} in {function}",
    title_without_function="{trap} in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="int3: ",
            regex=r"(?:Oops: )?(?P<trap>int3): (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("int3",),
        ),
        Pattern(
            literal="alignment check: ",
            regex=r"(?:Oops: )?(?P<trap>alignment check): (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("alignment check",),
        ),
        Pattern(
            literal="invalid TSS: ",
            regex=r"(?:Oops: )?(?P<trap>invalid TSS): (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("invalid TSS",),
        ),
        Pattern(
            literal="segment not present: ",
            regex=(
                r"(?:Oops: )?(?P<trap>segment not present): (?P<error_code>[0-9a-f]{4}) \[#"
                r"(?P<oops>\d+)\]"
            ),
            printed=("segment not present",),
        ),
        Pattern(
            literal="Bad pagetable: ",
            regex=r"(?:Oops: )?(?P<trap>Bad pagetable): (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("Bad pagetable",),
        ),
    ),
    fields=(
        Field("trap", "str", "the exception"),
        Field("error_code", "hex", "the CPU's error code"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    key=("trap",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("oops",),
    printed_by=("arch/x86/kernel/traps.c",),
    meaning=(
        "An exception that never happens in good kernel code was taken: a breakpoint (int3) "
        "that no kprobe, ftrace or debugger owns, a bad segment, an alignment check, or a "
        "page table with reserved bits set (`Bad pagetable`). Code or page tables were "
        "changed by something that should not, or are being changed without the necessary "
        "synchronisation."
    ),
    next_steps=(
        (
            "int3: kprobes, ftrace, live patches or static keys being changed just then? `cat "
            "/sys/kernel/debug/kprobes/list`."
        ),
        "Bad pagetable: a flipped bit is likely: test the memory, look at the PGD line.",
        "`scripts/decodecode < oops` for the bytes at RIP.",
    ),
    confused_with=("invalid-opcode: an instruction the CPU does not know.",),
    example=(
        "[ 1059.123551] int3: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 1059.123557] CPU: 3 PID: 1317 Comm: perf Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 1059.123579] RIP: 0010:cubictcp_cong_avoid+0x70/0x4b0 [tcp_cubic]\n"
        "[ 1059.123692] Call Trace:\n"
        "[ 1059.123699]  <TASK>\n"
        "[ 1059.123706]  tcp_cong_avoid_ai+0x12f/0xa60\n"
        "[ 1059.123719]  tcp_ack+0x492/0x940\n"
        "[ 1059.123727]  tcp_rcv_established+0x2cc/0x8a0\n"
        "[ 1059.123733]  tcp_v4_do_rcv+0x9c/0x5d0\n"
        "[ 1059.123751]  tcp_sendmsg+0x232/0xab0\n"
        "[ 1059.123760]  sock_sendmsg+0x420/0xa40\n"
        "[ 1059.123877]  </TASK>\n"
        "[ 1059.123895] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 1059.123909] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[  140.221190] traps: app[311] trap int3 ip:401136 sp:7ffd0 error:0 in app[401000+1000]",
)
