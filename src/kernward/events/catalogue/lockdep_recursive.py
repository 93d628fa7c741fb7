"""lockdep: a task takes a lock of a class that it already holds."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-recursive",
    title="possible deadlock in {function}",
    title_without_function="WARNING: possible recursive locking detected",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="possible recursive locking detected",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): possible recursive locking detected",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("level", "str", "INFO, BUG or WARNING, as the release words it"),
        Field("lock", "str", "the class of the lock"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("lockdep-recursive",),
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:print_deadlock_bug",),
    meaning=(
        "The task was about to take a lock while holding one of the same class. If it is the "
        "same lock, it waits for itself for ever; if it is another instance, two tasks doing "
        "so in opposite order can deadlock. lockdep reports a possibility: the deadlock "
        "itself need not have happened. After the first report lockdep is off, so there is "
        "at most one a boot."
    ),
    next_steps=(
        "Are both the same instance? The report prints both addresses.",
        (
            "Different instances with a fixed order need a nesting annotation "
            "(mutex_lock_nested, lockdep_set_class)."
        ),
        "Same instance: find the call path that already holds it.",
    ),
    confused_with=("lockdep-circular: several locks in contradicting orders.",),
    example=(
        "[   31.005570] WARNING: possible recursive locking detected\n[   31.005574] 6.1.0-dbg #1 Not tainted"
    ),
    near_miss="[   31.005570] possible recursive locking in app detected",
)
