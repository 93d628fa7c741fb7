"""A check of the lock debugging code failed."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Failures inside lockdep itself are known as locking bugs."""
    if any("kernel/locking/lockdep.c:" in text for text in reading.texts[:4]):
        reading.title = "WARNING: locking bug in {function}"
        reading.title_without_function = "WARNING: locking bug in corrupted"


KIND = Kind(
    id="debug-locks",
    title="WARNING in {function}",
    title_without_function="WARNING in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="DEBUG_LOCKS_WARN_ON(",
            regex=r"DEBUG_LOCKS_WARN_ON\((?P<condition>[^\n]{1,120})\)",
            unprinted="CONFIG_DEBUG_MUTEXES and lockdep are off in Debian's kernels",
        ),
    ),
    fields=(Field("condition", "str", "the condition that was true"),),
    key=("condition",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "warning",
        "warning-locking",
    ),
    read=read,
    printed_by=(
        "kernel/locking/mutex-debug.c",
        "kernel/locking/lockdep.c",
        "include/linux/debug_locks.h",
    ),
    meaning=(
        "The debugging variants of mutexes, semaphores or lockdep found a lock in a state it "
        "cannot be in; the text in parentheses is the condition. `lock->magic != lock` is a "
        "mutex that was never initialised or whose memory was freed; `depth <= 0` an unlock "
        "too many. Lock debugging is switched off afterwards."
    ),
    next_steps=(
        ("Find the object that holds the lock in the guilty frame and check initialisation and life time."),
        ("`lock->magic != lock`: was mutex_init() called on this path, and was the object freed meanwhile?"),
    ),
    confused_with=("warning-locking: the same from lockdep's own file.",),
    example=(
        "[   60.120044] DEBUG_LOCKS_WARN_ON(lock->magic != lock)\n"
        "[   60.120049] WARNING: CPU: 1 PID: 900 at kernel/locking/mutex.c:587 __mutex_lock+0x8a1/0xf50"
    ),
    near_miss="[   60.120044] app: calls DEBUG_LOCKS_WARN_ON(x)",
)
