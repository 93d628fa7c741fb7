"""A function that may sleep was called where sleeping is forbidden."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="sleeping-in-atomic",
    title="BUG: sleeping function called from invalid context in {function}",
    title_without_function="BUG: sleeping function called from invalid context in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="sleeping function called from invalid context",
            regex=(
                r"BUG: sleeping function called from invalid context(?: at "
                r"(?P<at_file>[^\s:]{1,200}):(?P<at_line>\d+))?"
            ),
            unprinted="CONFIG_DEBUG_ATOMIC_SLEEP is off in Debian's kernels",
        ),
        Pattern(
            literal="sleeping function called from invalid context",
            regex=(
                r"BUG: sleeping function called from invalid context \(\d+\) at "
                r"(?P<at_file>[^\s:]{1,200}):(?P<at_line>\d+)"
            ),
            unprinted="older kernels",
        ),
    ),
    fields=(
        Field("at_file", "str", "source file of the check"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("kernel/sched/core.c:__might_resched",),
    meaning=(
        "might_sleep() found preemption or interrupts disabled: a spinlock is held, or this "
        "is an interrupt or an RCU read section. The printed file and line is the check; the "
        "culprit is the caller that combined the lock with the sleep. It need not have slept "
        "this time, but it can, and then others deadlock."
    ),
    next_steps=(
        "`in_atomic(): 1, irqs_disabled(): 0` tells which kind of atomic context.",
        "`Preemption disabled at:` and the lock list name who made it atomic.",
        "Use GFP_ATOMIC, a spinlock instead of a mutex, or move the work to a work item.",
    ),
    confused_with=("scheduling-while-atomic: it really slept.",),
    example=(
        "[  101.229110] BUG: sleeping function called from invalid context at "
        "kernel/locking/mutex.c:580\n"
        "[  101.229118] in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 742, name: ip"
    ),
    near_miss="[  101.229110] app: sleeping function called from invalid context",
)
