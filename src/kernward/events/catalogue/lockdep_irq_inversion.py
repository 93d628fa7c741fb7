"""lockdep: an interrupt can take a lock against the order that others use."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-irq-inversion",
    title="possible deadlock in {function}",
    title_without_function="WARNING: possible irq lock inversion dependency detected",
    class_="crash",
    severity="warning",
    subsystem=None,
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
    absorbs=("lockdep-irq-inversion",),
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
    example="[   41.118022] WARNING: possible irq lock inversion dependency detected",
    near_miss="[   41.118022] irq lock inversion dependency check enabled",
)
