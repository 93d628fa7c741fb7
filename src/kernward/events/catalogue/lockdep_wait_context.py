"""lockdep: a lock that may sleep is taken where sleeping is not allowed."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-wait-context",
    title="WARNING: locking bug in {function}",
    title_without_function="WARNING: locking bug in corrupted",
    class_="crash",
    severity="warning",
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
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:print_lock_invalid_wait_context",),
    meaning=(
        "A lock was taken inside a context that forbids its kind of waiting: a spinlock_t "
        "under a raw_spinlock_t or in a hard interrupt (it sleeps on PREEMPT_RT), or a mutex "
        "under a spinlock. On a kernel without PREEMPT_RT the former does no harm; on one "
        "with it, it is a real bug."
    ),
    next_steps=(
        "A lock's `{outer:inner}` must not be larger than that of any lock held: the list of held locks "
        "shows which one forbids it.",
        "Use raw_spinlock_t for short hard sections, or move the work out of them.",
        "`scripts/decode_stacktrace.sh vmlinux < report` for the lines.",
    ),
    confused_with=("sleeping-in-atomic: a function that sleeps was called, not only a lock taken.",),
    example=(
        "[ 5288.639389] =============================\n"
        "[ 5288.639394] [ BUG: Invalid wait context ]\n"
        "[ 5288.639411] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 5288.639415] -----------------------------\n"
        "[ 5288.639419] kworker/1:2/311 is trying to lock:\n"
        "[ 5288.639427] ffff88801c2b1a50 (&chip->mutex){....}-{3:3}, at: "
        "pca953x_irq_set_type+0x3c/0xa0 [gpio_pca953x]\n"
        "[ 5288.639438] other info that might help us debug this:\n"
        "[ 5288.639453] context-{4:4}\n"
        "[ 5288.639469] 2 locks held by kworker/1:2/311:\n"
        "[ 5288.639482]  #0: ffff888014f1a0e0 (request_class){+.+.}-{3:3}, at: __setup_irq+0xc2/0x730\n"
        "[ 5288.639485]  #1: ffff888014f1a1c8 (lock_class){....}-{2:2}, at: __setup_irq+0xe6/0x730\n"
        "[ 5288.639497] stack backtrace:\n"
        "[ 5288.639505] CPU: 7 PID: 311 Comm: kworker/1:2 Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 5288.639529] Call Trace:\n"
        "[ 5288.639547]  <TASK>\n"
        "[ 5288.639565]  dump_stack_lvl+0x730/0xad0\n"
        "[ 5288.639576]  __lock_acquire+0x6ae/0xcc0\n"
        "[ 5288.639585]  lock_acquire+0x469/0x4c0\n"
        "[ 5288.639594]  __mutex_lock+0x147/0x590\n"
        "[ 5288.639613]  pca953x_irq_set_type+0x57d/0x990 [gpio_pca953x]\n"
        "[ 5288.639629]  __irq_set_trigger+0x23e/0x510\n"
        "[ 5288.639745]  </TASK>"
    ),
    near_miss="[   12.440021] driver: Invalid wait context requested",
)
