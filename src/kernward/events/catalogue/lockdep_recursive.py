"""lockdep: a task takes a lock of a class that it already holds."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-recursive",
    title="possible deadlock in {function}",
    title_without_function="WARNING: possible recursive locking detected",
    class_="crash",
    severity="warning",
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
        "[ 2341.413621][  T911] ======================================================\n"
        "[ 2341.413627][  T911] WARNING: possible recursive locking detected\n"
        "[ 2341.413640][  T911] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 2341.413645][  T911] ------------------------------------------------------\n"
        "[ 2341.413656][  T911] ovsdb-server/911 is trying to acquire lock:\n"
        "[ 2341.413662][  T911] ffff88802f1b0d28 (team->team_lock_key){+.+.}-{3:3}, at: "
        "team_port_change_check+0x51/0x1e0 [team]\n"
        "[ 2341.413668][  T911]\n"
        "[ 2341.413685][  T911] but task is already holding lock:\n"
        "[ 2341.413692][  T911] ffff88802f1b0d28 (team->team_lock_key){+.+.}-{3:3}, at: "
        "team_add_slave+0x9f/0x2a10 [team]\n"
        "[ 2341.413697][  T911]\n"
        "[ 2341.413712][  T911] other info that might help us debug this:\n"
        "[ 2341.413717][  T911]  Possible unsafe locking scenario:\n"
        "[ 2341.413721][  T911]\n"
        "[ 2341.413727][  T911]        CPU0\n"
        "[ 2341.413744][  T911]        ----\n"
        "[ 2341.413753][  T911]   lock(team->team_lock_key);\n"
        "[ 2341.413757][  T911]   lock(team->team_lock_key);\n"
        "[ 2341.413773][  T911]\n"
        "[ 2341.413789][  T911]  *** DEADLOCK ***\n"
        "[ 2341.413799][  T911]\n"
        "[ 2341.413808][  T911]  May be due to missing lock nesting notation\n"
        "[ 2341.413814][  T911]\n"
        "[ 2341.413826][  T911] 1 lock held by ovsdb-server/911:\n"
        "[ 2341.413845][  T911]  #0: ffff88802f1b0d28 (team->team_lock_key){+.+.}-{3:3}, at: "
        "team_add_slave+0x9f/0x2a10 [team]\n"
        "[ 2341.413851][  T911]\n"
        "[ 2341.413858][  T911] stack backtrace:\n"
        "[ 2341.413876][  T911] CPU: 5 PID: 16381 Comm: ovsdb-server Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 2341.413895][  T911] Call Trace:\n"
        "[ 2341.413899][  T911]  <TASK>\n"
        "[ 2341.413915][  T911]  dump_stack_lvl+0xc4/0x950\n"
        "[ 2341.413924][  T911]  print_deadlock_bug+0x46f/0x7e0\n"
        "[ 2341.413932][  T911]  __lock_acquire+0x9b9/0xd20\n"
        "[ 2341.413940][  T911]  lock_acquire+0x339/0x4f0\n"
        "[ 2341.413944][  T911]  __mutex_lock+0x89/0x110\n"
        "[ 2341.413958][  T911]  team_port_change_check+0x44/0x1f0 [team]\n"
        "[ 2341.414084][  T911]  </TASK>"
    ),
    near_miss="[   31.005570] possible recursive locking in app detected",
)
