"""The kernel executed an instruction that the CPU does not know, outside of BUG() and WARN()."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="invalid-opcode",
    title="invalid opcode in {function}",
    title_without_function="invalid opcode in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="invalid opcode: ",
            regex=r"(?:Oops: )?invalid opcode: (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("invalid opcode",),
        ),
    ),
    fields=(
        Field("error_code", "hex", "the CPU's error code or the offending instruction"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("oops",),
    printed_by=("arch/x86/kernel/traps.c:handle_invalid_op",),
    meaning=(
        "The CPU refused an instruction. BUG() is itself an invalid instruction, so if a "
        "`kernel BUG at` line precedes, that is the event. Without it, the code jumped into "
        "data, kernel text was overwritten, a kernel built for another CPU is running, or "
        "the compiler placed a trap where code should be unreachable."
    ),
    next_steps=(
        (
            "`scripts/decodecode < oops`: `ud2` after a complete function means unreachable code "
            "was reached or the BUG line was lost; anything else means a wild jump or damaged "
            "text."
        ),
        (
            "Compare the code bytes with `objdump -d vmlinux` at that address: a difference "
            "means memory damage or a live patch gone wrong."
        ),
        "Check that the CPU model has the feature (hypervisor CPU masks).",
    ),
    confused_with=("kernel-bug: prints `kernel BUG at file:line!` first.",),
    example=(
        "[  804.063914] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[  804.063918] CPU: 5 PID: 23420 Comm: openssl Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[  804.063935] RIP: 0010:aesni_xts_encrypt+0x4bd/0x5a0 [aesni_intel]\n"
        "[  804.064059] Call Trace:\n"
        "[  804.064074]  <TASK>\n"
        "[  804.064089]  xts_encrypt+0x4c2/0xc60 [aesni_intel]\n"
        "[  804.064106]  skcipher_recvmsg+0x1de/0x370 [algif_skcipher]\n"
        "[  804.064110]  sock_read_iter+0x368/0x4c0\n"
        "[  804.064122]  vfs_read+0x1a4/0xc30\n"
        "[  804.064133]  ksys_read+0x59/0x2e0\n"
        "[  804.064140]  do_syscall_64+0x70d/0x790\n"
        "[  804.064196]  </TASK>\n"
        "[  804.064215] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[  804.064223] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss=(
        "[  121.430010] traps: app[510] trap invalid opcode ip:401136 sp:7ffd0 error:0 in app[401000+1000]"
    ),
)
