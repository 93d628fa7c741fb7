"""A spinlock in an impossible state: never initialised, freed, or taken by another."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="spinlock-bad-magic",
    title="BUG: spinlock {what} in {function}",
    title_without_function="BUG: spinlock {what} in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="BUG: spinlock ",
            regex=(
                r"BUG: spinlock (?P<what>bad magic|already unlocked|wrong owner|wrong CPU|trylock"
                r" failure on UP|uninitialized) on CPU#(?P<cpu>\d+), (?P<comm>.{0,32})/(?P<pid>\d+)"
            ),
            unprinted="CONFIG_DEBUG_SPINLOCK is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("what", "str", "the check that failed"),
        Field("cpu", "int", "the CPU"),
        Field("comm", "str", "the task"),
        Field("pid", "int", "its pid"),
    ),
    key=("what",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("kernel/locking/spinlock_debug.c:spin_dump",),
    meaning=(
        "Spinlock debugging checks a magic number and the owner. A bad magic means that the "
        "lock was never initialised or its memory was freed and reused; a wrong owner or "
        "CPU, that it is released by somebody who did not take it."
    ),
    next_steps=(
        (
            "In the guilty function find the object with the lock: is spin_lock_init() called "
            "before, and can it be freed meanwhile?"
        ),
        (
            "The .magic value printed: 0 means cleared memory, 6b6b6b6b freed memory, anything "
            "else overwritten."
        ),
    ),
    confused_with=(
        "spinlock-recursion: taken twice by the same CPU.",
        "non-static-key: lockdep's view of an uninitialised lock.",
    ),
    example=(
        "[   82.818367] BUG: spinlock bad magic on CPU#0, modprobe/20513\n"
        "[   82.824830]  lock: 0xffff8800bb37e088, .magic: ffff8800, .owner: <none>/-1, "
        ".owner_cpu: 131071"
    ),
    near_miss="[   82.818367] spinlock bad magic test skipped",
)
