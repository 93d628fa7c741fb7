"""lockdep: a lock used in interrupts depends on one that is held with interrupts enabled."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-irq-unsafe",
    title="possible deadlock in {function}",
    title_without_function="WARNING: {context}-safe -> {context}-unsafe lock order detected",
    class_="crash",
    severity="warning",
    subsystem=None,
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
    absorbs=("lockdep-irq-unsafe",),
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
    example="[  121.452013] WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected",
    near_miss="[  121.452013] lock order detected for SOFTIRQ",
)
