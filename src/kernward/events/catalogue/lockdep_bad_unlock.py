"""lockdep: a task releases a lock that it does not hold."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-bad-unlock",
    title="{level}: bad unlock balance in {function}",
    title_without_function="{level}: bad unlock balance in corrupted",
    class_="crash",
    severity="warning",
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
    example=(
        "[ 9003.489752] =====================================\n"
        "[ 9003.489759] WARNING: bad unlock balance detected!\n"
        "[ 9003.489769] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 9003.489776] -------------------------------------\n"
        "[ 9003.489791] cat/2101 is trying to release lock (mrt_lock) at:\n"
        "[ 9003.489801] ipmr_mfc_seq_stop+0xe1/0x130\n"
        "[ 9003.489810] but there are no more locks to release!\n"
        "[ 9003.489818]\n"
        "[ 9003.489835] other info that might help us debug this:\n"
        "[ 9003.489842] 1 lock held by cat/2101:\n"
        "[ 9003.489846]  #0: ffff888011d2c0a8 (&p->lock){+.+.}-{3:3}, at: seq_read_iter+0xd5/0x12c0\n"
        "[ 9003.489853]\n"
        "[ 9003.489865] stack backtrace:\n"
        "[ 9003.489881] CPU: 2 PID: 2101 Comm: cat Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 9003.489899] Call Trace:\n"
        "[ 9003.489907]  <TASK>\n"
        "[ 9003.489924]  dump_stack_lvl+0x3ea/0xd50\n"
        "[ 9003.489935]  print_unlock_imbalance_bug+0xa5c/0xb60\n"
        "[ 9003.489942]  lock_release+0x47c/0xb40\n"
        "[ 9003.489946]  _raw_read_unlock+0x492/0x710\n"
        "[ 9003.489954]  ipmr_mfc_seq_stop+0x3a3/0xdf0\n"
        "[ 9003.489972]  seq_read_iter+0x8e8/0xc40\n"
        "[ 9003.490085]  </TASK>"
    ),
    near_miss="[   47.100022] bad unlock balance detected! reported by app",
)
