"""A CPU takes a spinlock that it already holds."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="spinlock-recursion",
    title="BUG: spinlock {what} in {function}",
    title_without_function="BUG: spinlock {what} in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="BUG: spinlock ",
            regex=(
                r"BUG: spinlock (?P<what>(?:cpu )?recursion) on CPU#(?P<cpu>\d+), (?P<comm>.{0,32})/"
                r"(?P<pid>\d+)"
            ),
            unprinted="CONFIG_DEBUG_SPINLOCK is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("what", "str", "recursion, or cpu recursion"),
        Field("cpu", "int", "the CPU"),
        Field("comm", "str", "the task"),
        Field("pid", "int", "its pid"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("kernel/locking/spinlock_debug.c:debug_spin_lock_before",),
    meaning=(
        "The same task or CPU takes a spinlock a second time and would spin for ever. A "
        "callee takes the lock its caller holds, or an interrupt came while it was held with "
        "interrupts enabled."
    ),
    next_steps=(
        "The trace shows the second taker; .owner and .owner_cpu name the first.",
        "Interrupt frames in the trace: use the _irqsave variant on the other path.",
    ),
    confused_with=("lockdep-recursive: lockdep's report of the possibility.",),
    example=(
        "[   33.118002] BUG: spinlock recursion on CPU#1, init/1\n"
        "[   33.118010]  lock: 0xffff88007fd16c40, .magic: dead4ead, .owner: init/1, .owner_cpu: 1"
    ),
    near_miss="[   33.118002] spinlock recursion test skipped",
)
