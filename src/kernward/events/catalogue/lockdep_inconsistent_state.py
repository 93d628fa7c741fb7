"""lockdep: a lock is taken in interrupt context and, elsewhere, with interrupts enabled."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-inconsistent-state",
    title="inconsistent lock state in {function}",
    title_without_function="inconsistent lock state in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="inconsistent lock state",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): inconsistent lock state",
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
    printed_by=("kernel/locking/lockdep.c:print_usage_bug",),
    meaning=(
        "The same lock is taken in an interrupt (hard or soft) and, on another path, without "
        "disabling that interrupt. If the interrupt comes while the lock is held, the CPU "
        "waits for itself for ever. lockdep reports a possibility: the deadlock itself need "
        "not have happened. After the first report lockdep is off, so there is at most one a "
        "boot."
    ),
    next_steps=(
        "The line `inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage` names the two uses.",
        (
            "Use the _bh or _irqsave variant on the path with interrupts enabled, or move the "
            "work out of the interrupt."
        ),
        "`scripts/decode_stacktrace.sh vmlinux < report` for both stacks.",
    ),
    confused_with=("lockdep-irq-unsafe: two locks are involved.",),
    example=(
        "[ 2719.017380] ================================\n"
        "[ 2719.017399] WARNING: inconsistent lock state\n"
        "[ 2719.017412] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 2719.017426] --------------------------------\n"
        "[ 2719.017432] inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage.\n"
        "[ 2719.017436] umount/4410 [HC0[0]:SC0[0]:HE1:SE1] takes:\n"
        "[ 2719.017451] ffff88801f2a3b18 (&hinfo->lock){+.?.}-{2:2}, at: hinfo_drain+0x71/0x120 "
        "[acme]\n"
        "[ 2719.017457] {IN-SOFTIRQ-W} state was registered at:\n"
        "[ 2719.017467]   lock_acquire+0x8ec/0xda0\n"
        "[ 2719.017471]   _raw_spin_lock+0xc8/0x2b0\n"
        "[ 2719.017480]   hinfo_complete+0x45a/0x680 [acme]\n"
        "[ 2719.017492]   blk_done_softirq+0x54c/0xcd0\n"
        "[ 2719.017502]   handle_softirqs+0x427/0x5a0\n"
        "[ 2719.017520] irq event stamp: 20311\n"
        "[ 2719.017529]\n"
        "[ 2719.017545] other info that might help us debug this:\n"
        "[ 2719.017564]  *** DEADLOCK ***\n"
        "[ 2719.017579]\n"
        "[ 2719.017595]\n"
        "[ 2719.017615] stack backtrace:\n"
        "[ 2719.017627] CPU: 1 PID: 4410 Comm: umount Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 2719.017636] Call Trace:\n"
        "[ 2719.017644]  <TASK>\n"
        "[ 2719.017648]  dump_stack_lvl+0x5b8/0x9d0\n"
        "[ 2719.017654]  print_usage_bug+0x58a/0xbc0\n"
        "[ 2719.017673]  mark_lock_irq+0x8b5/0xc50\n"
        "[ 2719.017687]  mark_lock+0x5d/0x60\n"
        "[ 2719.017704]  __lock_acquire+0x67f/0xc70\n"
        "[ 2719.017719]  lock_acquire+0x5b4/0x8f0\n"
        "[ 2719.017883]  </TASK>"
    ),
    near_miss="[   52.261501] drbd: inconsistent lock state of peer",
)
