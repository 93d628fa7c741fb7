"""lockdep ran out of one of its tables and switched itself off."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-limit",
    title="BUG: {limit} too low!",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal=" too low!",
            regex=r"BUG: (?P<limit>MAX_[A-Z_]{4,40}) too low!",
            printed=(" too low!",),
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(Field("limit", "str", "the constant that was exceeded"),),
    key=("limit",),
    extent=Extent.REPORT,
    printed_by=("kernel/locking/lockdep.c:print_lockdep_off",),
    meaning=(
        "The lock validator has tables of fixed size for locks, chains, dependencies and "
        "stack traces. One is full, so locking is no longer checked in this boot. Usually a "
        "subsystem makes new lock classes without end (initialising locks in a loop with new "
        "keys), or the tables are too small for a large configuration."
    ),
    next_steps=(
        ("`cat /proc/lockdep_stats` shows which table is full, /proc/lockdep which classes are many."),
        "Raise CONFIG_LOCKDEP_BITS, LOCKDEP_CHAINS_BITS or LOCKDEP_STACK_TRACE_BITS.",
        "Fix the subsystem that leaks lock classes.",
    ),
    confused_with=("lockdep-circular: a finding, not a limit.",),
    example=(
        "[  185.416858] BUG: MAX_STACK_TRACE_ENTRIES too low!\n"
        "[  185.422408] turning off the locking correctness validator."
    ),
    near_miss="[  185.416858] app: MAX_CLIENTS too low!",
)
