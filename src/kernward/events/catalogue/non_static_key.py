"""lockdep: a lock was used that was never initialised."""

from kernward.events.kind import Blame, Extent, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Locking code and stack walks act for whoever owns the lock."""
    reading.machinery.append((r"\w*(?:stack|lock|IRQ)\w*", "is locking or printing code"))


KIND = Kind(
    id="non-static-key",
    title="INFO: trying to register non-static key in {function}",
    title_without_function="INFO: trying to register non-static key in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="trying to register non-static key",
            regex=r"INFO: trying to register non-static key\.?",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("kernel/locking/lockdep.c:assign_lock_key",),
    meaning=(
        "lockdep identifies a lock by the place of its initialisation. This one has none: "
        "the lock lies in memory that was allocated but not initialised, or already freed "
        "and cleared. The lock may still seem to work. lockdep is off afterwards."
    ),
    next_steps=(
        (
            "In the guilty function find the lock and its spin_lock_init() or mutex_init(): on "
            "which path is it skipped?"
        ),
        "An error path that tears down what was never set up is the usual finding.",
    ),
    confused_with=("spinlock-bad-magic: the same seen by spinlock debugging.",),
    example=(
        "[   47.712178] INFO: trying to register non-static key.\n"
        "[   47.712195] The code is fine but needs lockdep annotation, or maybe"
    ),
    near_miss="[   47.712178] keyring: trying to register non-static key",
)
