"""lockdep: memory was freed while a lock inside it was held."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-held-freed",
    title="{level}: held lock freed in {function}",
    title_without_function="{level}: held lock freed in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="held lock freed!",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): held lock freed!",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(Field("level", "str", "INFO, BUG or WARNING, as the release words it"),),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("lockdep-held-freed",),
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:print_freed_lock_bug",),
    meaning=(
        "An object was freed or initialised again although a task still holds a lock in it. "
        "The unlock that follows will write to freed memory. A reference is missing, or the "
        "lock is released too late."
    ),
    next_steps=(
        (
            "`… is freeing memory A-B, with a lock still held there!` names the object; find who "
            "frees it and who holds it."
        ),
        "Check whether the unlock comes after the last put of the object.",
    ),
    confused_with=("kasan: reports the unlock as a use-after-free.",),
    example=("[   60.448012] WARNING: held lock freed!\n[   60.448017] 6.1.0-dbg #1 Not tainted"),
    near_miss="[   60.448012] held lock freed!",
)
