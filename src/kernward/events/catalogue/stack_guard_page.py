"""A kernel stack overflowed into its guard page (CONFIG_VMAP_STACK, x86)."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="stack-guard-page",
    title="BUG: stack guard page was hit in {function}",
    alt_titles=("stack-overflow in {function}",),
    title_without_function="BUG: stack guard page was hit in corrupted",
    class_="crash",
    severity="fatal",
    subsystem=None,
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
        "[ 2331.755198] BUG: stack guard page was hit at ffffc9001a6e7fe8 (stack is "
        "ffffc9001a6e8000..ffffc9001a6effff)\n"
        "[ 2331.755221] kernel stack overflow (double-fault): 0000 [#1] PREEMPT SMP NOPTI"
    ),
    near_miss="[    0.000000] stack guard page gap set to 256 pages",
)
