"""lockdep: a task releases a lock that it does not hold."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-bad-unlock",
    title="{level}: bad unlock balance in {function}",
    title_without_function="{level}: bad unlock balance in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="bad unlock balance detected!",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): bad unlock balance detected!",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(Field("level", "str", "INFO, BUG or WARNING, as the release words it"),),
    # The release tells which: BUG until 4.12. Reports of both are not known to be the same bug.
    key=("level",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("lockdep-bad-unlock",),
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:print_unlock_imbalance_bug",),
    meaning=(
        "unlock was called on a lock that this task does not hold: unlocked twice, unlocked "
        "on a path that never locked it, or an object replaced between lock and unlock. The "
        "lock may now be free while somebody relies on it."
    ),
    next_steps=(
        "The line `… is trying to release lock (name) at:` names the lock and the caller.",
        "Compare lock and unlock on all paths of that function, above all the error paths.",
    ),
    confused_with=("lockdep-still-held: the opposite, a lock was not released.",),
    example=("[   47.100022] WARNING: bad unlock balance detected!\n[   47.100027] 6.1.0-dbg #1 Not tainted"),
    near_miss="[   47.100022] bad unlock balance detected! reported by app",
)
