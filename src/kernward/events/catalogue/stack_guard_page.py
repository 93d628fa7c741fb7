"""A kernel stack overflowed into its guard page (CONFIG_VMAP_STACK, x86)."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="stack-guard-page",
    title="BUG: stack guard page was hit in {function}",
    alt_titles=("stack-overflow in {function}",),
    title_without_function="BUG: stack guard page was hit in corrupted",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="stack guard page was hit",
            regex=(
                r"BUG: (?P<stack>[A-Z0-9]+ )?stack guard page was hit at (?P<address>[0-9a-fx]+)"
                r" \(stack is (?P<stack_start>[0-9a-fx]+)\.\.(?P<stack_end>[0-9a-fx]+)\)"
            ),
            printed=("stack guard page was hit at",),
        ),
    ),
    fields=(
        Field("stack", "str", "which stack, where the kernel names it (TASK, IRQ, NMI, …)"),
        Field("address", "hex", "the address that was accessed"),
        Field("stack_start", "hex", "lowest address of the stack"),
        Field("stack_end", "hex", "highest address of the stack"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STALL,
    absorbs=(
        "oops",
        "kernel-stack-overflow",
        "double-fault",
    ),
    printed_by=("arch/x86/kernel/traps.c:handle_stack_overflow",),
    meaning=(
        "The kernel stack (16 KiB on amd64) ran out and the access hit the unmapped page "
        "below it. Something recursed without bound or a chain of layers (stacked file "
        "systems, block devices, network tunnels, nested interrupts) with large frames "
        "became too deep. The guard page turned silent memory corruption into a crash of the "
        "task."
    ),
    next_steps=(
        (
            "Look for a function that repeats in the trace: that is the recursion; the guilty "
            "function is usually the one that calls itself through others."
        ),
        ("No repetition: find large frames with `scripts/checkstack.pl` on the modules in the trace."),
        (
            "Describe the stacking (overlayfs on nfs on dm-crypt on md …; VLAN on bond on tunnel "
            "…): it is needed to reproduce."
        ),
    ),
    confused_with=(
        "double-fault: the kernel could not tell what happened.",
        "panic-stack-end: the overflow was seen later by the scheduler.",
    ),
    example=(
        "[ 1958.264120] BUG: TASK stack guard page was hit at 00000000d2c8e1f4 (stack is "
        "0000000022a1b0c3..00000000f71a2b3c)\n"
        "[ 1958.264123] stack guard page: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 1958.264126] CPU: 2 PID: 4733 Comm: ip Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 1958.264161] RIP: 0010:vlan_dev_hard_start_xmit+0x75/0x5c0 [8021q]\n"
        "[ 1958.264284] Call Trace:\n"
        "[ 1958.264296]  <TASK>\n"
        "[ 1958.264307]  dev_hard_start_xmit+0x7d7/0xa80\n"
        "[ 1958.264312]  __dev_queue_xmit+0xaa5/0xd70\n"
        "[ 1958.264318]  macvlan_start_xmit+0x42c/0x4f0 [macvlan]\n"
        "[ 1958.264325]  dev_hard_start_xmit+0x93/0xe0\n"
        "[ 1958.264341]  __dev_queue_xmit+0x9b/0x770\n"
        "[ 1958.264354]  macvlan_start_xmit+0xa3/0x4b0 [macvlan]\n"
        "[ 1958.264636]  </TASK>\n"
        "[ 1958.264653] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 1958.264658] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    0.000000] stack guard page gap set to 256 pages",
)
