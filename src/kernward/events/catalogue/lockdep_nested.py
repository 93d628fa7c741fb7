"""lockdep: an outer lock that a nested one relies on is not held."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-nested",
    title="WARNING: nested lock was not taken in {function}",
    title_without_function="WARNING: nested lock was not taken in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Nested lock was not taken",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): Nested lock was not taken",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("level", "str", "INFO, BUG or WARNING, as the release words it"),
        Field("lock", "str", "the class of the lock"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("lockdep-nested",),
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:print_lock_nested_lock_not_held",),
    meaning=(
        "A lock was taken with the promise that another, outer lock is held "
        "(mutex_lock_nest_lock()), and it is not. The order among many inner locks is then "
        "unprotected and tasks can deadlock."
    ),
    next_steps=("The report names both locks: take the outer one on this path or drop the annotation.",),
    confused_with=("lockdep-recursive: no outer lock was promised.",),
    example=("[   80.330044] WARNING: Nested lock was not taken\n[   80.330049] 6.1.0-dbg #1 Not tainted"),
    near_miss="[   80.330044] Nested lock was not taken",
)
