"""lockdep: a lock used in interrupts depends on one that is held with interrupts enabled."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-irq-unsafe",
    title="possible deadlock in {function}",
    title_without_function="WARNING: {context}-safe -> {context}-unsafe lock order detected",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="-unsafe lock order detected",
            regex=(
                r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): (?P<context>\w+)-safe -> \w+-unsafe lock"
                r" order detected"
            ),
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("level", "str", "INFO, BUG or WARNING, as the release words it"),
        Field("context", "str", "the interrupt context: HARDIRQ or SOFTIRQ"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=locks.read_order,
    printed_by=("kernel/locking/lockdep.c:print_bad_irq_dependency",),
    meaning=(
        "While holding a lock that interrupt handlers take, the task took one that is "
        "elsewhere held with interrupts enabled. An interrupt at the wrong moment then waits "
        "for a lock whose holder waits for the interrupted CPU. lockdep reports a "
        "possibility: the deadlock itself need not have happened. After the first report "
        "lockdep is off, so there is at most one a boot."
    ),
    next_steps=(
        ("Read the chain from the bottom: which two orders (or contexts) contradict each other."),
        (
            "Decide which side is wrong, or whether the locks are of different nesting levels "
            "(lockdep_set_class, mutex_lock_nested)."
        ),
        "`scripts/decode_stacktrace.sh vmlinux < report` for the lines.",
    ),
    confused_with=("lockdep-inconsistent-state: one and the same lock is used both ways.",),
    example=(
        "[ 3929.315159] ======================================================\n"
        "[ 3929.315165] WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected\n"
        "[ 3929.315171] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 3929.315185] ------------------------------------------------------\n"
        "[ 3929.315188] fio/7311 [HC0[0]:SC0[2]:HE1:SE0] is trying to acquire:\n"
        "[ 3929.315207] ffff88810b2a3c58 (&pool->lock){+.+.}-{2:2}, at: zcomp_pool_get+0x3a/0x90 "
        "[zram]\n"
        "[ 3929.315216]\n"
        "[ 3929.315225] and this task is already holding:\n"
        "[ 3929.315230] ffff88810b2a3d00 (&queue->lock){..-.}-{2:2}, at: "
        "zram_submit_batch+0x77/0x1c0 [zram]\n"
        "[ 3929.315243] which would create a new lock dependency:\n"
        "[ 3929.315254]  (&queue->lock){..-.}-{2:2} -> (&pool->lock){+.+.}-{2:2}\n"
        "[ 3929.315265]\n"
        "[ 3929.315283] but this new dependency connects a SOFTIRQ-irq-safe lock:\n"
        "[ 3929.315299]  (&queue->lock){..-.}-{2:2}\n"
        "[ 3929.315310]\n"
        "[ 3929.315323] ... which became SOFTIRQ-irq-safe at:\n"
        "[ 3929.315333]   lock_acquire+0x6cf/0x880\n"
        "[ 3929.315338]   _raw_spin_lock_irqsave+0x2be/0x3c0\n"
        "[ 3929.315355]   zram_bio_end+0xff/0x160 [zram]\n"
        "[ 3929.315370]   bio_endio+0x8e4/0xc30\n"
        "[ 3929.315383]   blk_complete_reqs+0xf0/0x180\n"
        "[ 3929.315399]   handle_softirqs+0x29e/0xd00\n"
        "[ 3929.315404]\n"
        "[ 3929.315415] to a SOFTIRQ-irq-unsafe lock:\n"
        "[ 3929.315426]  (&pool->lock){+.+.}-{2:2}\n"
        "[ 3929.315432]\n"
        "[ 3929.315449] ... which became SOFTIRQ-irq-unsafe at:\n"
        "[ 3929.315461]   lock_acquire+0x107/0x130\n"
        "[ 3929.315464]   _raw_spin_lock+0x5ff/0x720\n"
        "[ 3929.315474]   zcomp_pool_get+0x3c2/0x3d0 [zram]\n"
        "[ 3929.315483]   disksize_store+0x1ce/0x1f0 [zram]\n"
        "[ 3929.315491]\n"
        "[ 3929.315496] other info that might help us debug this:\n"
        "[ 3929.315504]\n"
        "[ 3929.315514] stack backtrace:\n"
        "[ 3929.315530] CPU: 6 PID: 7311 Comm: fio Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 3929.315551] Call Trace:\n"
        "[ 3929.315564]  <TASK>\n"
        "[ 3929.315572]  dump_stack_lvl+0x16/0xa00\n"
        "[ 3929.315589]  check_irq_usage+0x91/0x6d0\n"
        "[ 3929.315600]  __lock_acquire+0x1e0/0x470\n"
        "[ 3929.315610]  lock_acquire+0x14e/0x5d0\n"
        "[ 3929.315616]  _raw_spin_lock+0x49/0xd60\n"
        "[ 3929.315633]  zcomp_pool_get+0x247/0x570 [zram]\n"
        "[ 3929.315761]  </TASK>"
    ),
    near_miss="[  121.452013] lock order detected for SOFTIRQ",
)
