"""lockdep: a task that exits or freezes still holds locks."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-still-held",
    title="{level}: still has locks held in {function}",
    title_without_function="{level}: still has locks held in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="still has locks held!",
            regex=(
                r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): (?P<comm>.{1,16})/(?P<pid>\d+) still has"
                r" locks held!"
            ),
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("level", "str", "INFO, BUG or WARNING, as the release words it"),
        Field("comm", "str", "the task"),
        Field("pid", "int", "its pid"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("lockdep-still-held",),
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:print_held_locks_bug",),
    meaning=(
        "A task was about to exit or to be frozen while holding the listed locks. Whoever "
        "needs them afterwards waits for ever, and a suspend can hang."
    ),
    next_steps=(
        ("The lock list shows where each was taken: find the return path that forgets to release it."),
    ),
    confused_with=("lockdep-held-at-return: seen on the return to user space.",),
    example=(
        "[  826.525201] WARNING: modprobe/4398 still has locks held!\n[  826.526227] 6.1.0-dbg #1 Not tainted"
    ),
    near_miss="[  826.525201] app/4398 still has locks held!",
)
