"""lockdep: locks are taken in orders that can deadlock."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-circular",
    title="possible deadlock in {function}",
    title_without_function="WARNING: possible circular locking dependency detected",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="possible circular locking dependency detected",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): possible circular locking dependency detected",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("level", "str", "INFO, BUG or WARNING, as the release words it"),
        Field("lock", "str", "the class of the lock"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("lockdep-circular",),
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:print_circular_bug_header",),
    meaning=(
        "The lock validator records in which order locks are taken. The task was about to "
        "take a lock in an order that, with what was recorded before, closes a circle: two "
        "or more tasks can wait for each other for ever. lockdep reports a possibility: the "
        "deadlock itself need not have happened. After the first report lockdep is off, so "
        "there is at most one a boot."
    ),
    next_steps=(
        ("Read the chain from the bottom: which two orders (or contexts) contradict each other."),
        (
            "Decide which side is wrong, or whether the locks are of different nesting levels "
            "(lockdep_set_class, mutex_lock_nested)."
        ),
        "`scripts/decode_stacktrace.sh vmlinux < report` for the lines.",
    ),
    confused_with=(
        "lockdep-recursive: one task takes the same lock twice.",
        "hung-task: a deadlock that did happen.",
    ),
    example=(
        "[   74.221007] ======================================================\n"
        "[   74.221010] WARNING: possible circular locking dependency detected\n"
        "[   74.221014] 6.1.0-dbg #1 Not tainted"
    ),
    near_miss="[   74.221010] lockdep: possible circular locking is checked",
)
