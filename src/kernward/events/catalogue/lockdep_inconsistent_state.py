"""lockdep: a lock is taken in interrupt context and, elsewhere, with interrupts enabled."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-inconsistent-state",
    title="inconsistent lock state in {function}",
    title_without_function="inconsistent lock state in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
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
    absorbs=("lockdep-inconsistent-state",),
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
        "[   52.261501] WARNING: inconsistent lock state\n"
        "[   52.261507] 6.1.0-dbg #1 Not tainted\n"
        "[   52.261511] inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage."
    ),
    near_miss="[   52.261501] drbd: inconsistent lock state of peer",
)
