"""lockdep: a system call returns to user space with a lock held."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-held-at-return",
    title="{level}: lock held when returning to user space in {function}",
    title_without_function="{level}: lock held when returning to user space in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="lock held when returning to user space!",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): lock held when returning to user space!",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(Field("level", "str", "INFO, BUG or WARNING, as the release words it"),),
    extent=Extent.REPORT,
    blame=Blame.NONE,
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:lockdep_sys_exit",),
    meaning=(
        "A system call finished but a lock it took was not released. Sooner or later another "
        "task waits for it for ever. Usually an error path returns without unlocking; a few "
        "designs hold a lock across system calls on purpose and must tell lockdep."
    ),
    next_steps=(
        ("The lock list names the lock and where it was taken; check every return of that function."),
    ),
    confused_with=("lockdep-still-held: seen when the task exits or freezes.",),
    example=(
        "[  996.980249] ================================================\n"
        "[  996.980266] WARNING: lock held when returning to user space!\n"
        "[  996.980280] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[  996.980286] ------------------------------------------------\n"
        "[  996.980290] fusermount3/17896 is leaving the kernel with locks still held!\n"
        "[  996.980301] 1 lock held by fusermount3/17896:\n"
        "[  996.980311]  #0: ffff88801c2b1a50 (&fi->mutex){+.+.}-{3:3}, at: "
        "fuse_lock_inode+0xaf/0xe0 [fuse]"
    ),
    near_miss="[  197.073115] lock held when returning to user space!",
)
