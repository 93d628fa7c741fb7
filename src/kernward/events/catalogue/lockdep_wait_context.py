"""lockdep: a lock that may sleep is taken where sleeping is not allowed."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-wait-context",
    title="WARNING: locking bug in {function}",
    title_without_function="WARNING: locking bug in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Invalid wait context",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): Invalid wait context",
            unprinted="CONFIG_PROVE_RAW_LOCK_NESTING is off in Debian's kernels",
        ),
    ),
    fields=(Field("level", "str", "INFO, BUG or WARNING, as the release words it"),),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("lockdep-wait-context",),
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:print_lock_invalid_wait_context",),
    meaning=(
        "A lock was taken inside a context that forbids its kind of waiting: a spinlock_t "
        "under a raw_spinlock_t or in a hard interrupt (it sleeps on PREEMPT_RT), or a mutex "
        "under a spinlock. On a kernel without PREEMPT_RT the former does no harm; on one "
        "with it, it is a real bug."
    ),
    next_steps=(
        (
            "`context-{4:4}` and the lock's `{3:3}` show the levels: the inner number must not "
            "be smaller … the lock list shows which outer lock forbids it."
        ),
        "Use raw_spinlock_t for short hard sections, or move the work out.",
    ),
    confused_with=("sleeping-in-atomic: a function that sleeps was called, not only a lock taken.",),
    example=("[   12.440021] [ BUG: Invalid wait context ]\n[   12.440026] 6.1.0-dbg #1 Not tainted"),
    near_miss="[   12.440021] driver: Invalid wait context requested",
)
