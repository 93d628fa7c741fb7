"""lockdep: an interrupt can take a lock against the order that others use."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-irq-inversion",
    title="possible deadlock in {function}",
    title_without_function="WARNING: possible irq lock inversion dependency detected",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="possible irq lock inversion dependency detected",
            regex=(
                r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): possible irq lock inversion dependency"
                r" detected"
            ),
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("level", "str", "INFO, BUG or WARNING, as the release words it"),
        Field("lock", "str", "the class of the lock"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=locks.read_order,
    printed_by=("kernel/locking/lockdep.c:print_irq_inversion_bug",),
    meaning=(
        "A lock that is taken in interrupt context depends on another that is held with "
        "interrupts enabled. If the interrupt comes while that one is held, the CPU can wait "
        "for itself or for another CPU for ever. lockdep reports a possibility: the deadlock "
        "itself need not have happened. After the first report lockdep is off, so there is "
        "at most one a boot."
    ),
    next_steps=(
        ("Read the chain from the bottom: which two orders (or contexts) contradict each other."),
        (
            "Decide which side is wrong, or whether the locks are of different nesting levels "
            "(lockdep_set_class, mutex_lock_nested)."
        ),
        "`scripts/decode_stacktrace.sh vmlinux < report` for the lines.",
    ),
    confused_with=("lockdep-irq-unsafe: the same found when the unsafe dependency is made.",),
    example=(
        "[ 4599.967157] ======================================================\n"
        "[ 4599.967174] WARNING: possible irq lock inversion dependency detected\n"
        "[ 4599.967185] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 4599.967200] ------------------------------------------------------\n"
        "[ 4599.967215] swapper/1/0 just changed the state of lock:\n"
        "[ 4599.967220] ffff88801a7f0a18 (&dev->event_lock#2){-...}-{2:2}, at: input_event+0x7e/0xb0\n"
        "[ 4599.967240] but this lock took another, HARDIRQ-unsafe lock in the past:\n"
        "[ 4599.967250]  (&f_owner->lock){.+.+}-{2:2}\n"
        "[ 4599.967254]\n"
        "[ 4599.967270] and interrupts could create inverse lock ordering between them.\n"
        "[ 4599.967281]\n"
        "[ 4599.967291] other info that might help us debug this:\n"
        "[ 4599.967302]\n"
        "[ 4599.967314] stack backtrace:\n"
        "[ 4599.967319] CPU: 7 PID: 0 Comm: swapper/1 Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 4599.967338] Call Trace:\n"
        "[ 4599.967351]  <TASK>\n"
        "[ 4599.967359]  dump_stack_lvl+0x438/0x450\n"
        "[ 4599.967368]  print_irq_inversion_bug+0x9a3/0xd80\n"
        "[ 4599.967375]  mark_lock+0x3c2/0x450\n"
        "[ 4599.967386]  __lock_acquire+0xba/0x200\n"
        "[ 4599.967401]  lock_acquire+0x10d/0x2b0\n"
        "[ 4599.967414]  _raw_spin_lock_irqsave+0x23d/0xc30\n"
        "[ 4599.967558]  </TASK>"
    ),
    near_miss="[   41.118022] irq lock inversion dependency check enabled",
)
