"""lockdep: memory was freed while a lock inside it was held."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-held-freed",
    title="{level}: held lock freed in {function}",
    title_without_function="{level}: held lock freed in corrupted",
    class_="crash",
    severity="warning",
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
    example=(
        "[  319.339283] =========================\n"
        "[  319.339289] WARNING: held lock freed!\n"
        "[  319.339304] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[  319.339317] -------------------------\n"
        "[  319.339327] sctp_darn/3301 is freeing memory ffff88801d2c0000-ffff88801d2c0fff, with a "
        "lock still held there!\n"
        "[  319.339346] ffff88801d2c0a98 (sk_lock-AF_INET6){+.+.}-{0:0}, at: "
        "sctp_wait_for_connect+0x2d8/0x5f0 [sctp]\n"
        "[  319.339364] 1 lock held by sctp_darn/3301:\n"
        "[  319.339378]  #0: ffff88801d2c0a98 (sk_lock-AF_INET6){+.+.}-{0:0}, at: "
        "sctp_wait_for_connect+0x2d8/0x5f0 [sctp]\n"
        "[  319.339398]\n"
        "[  319.339410] stack backtrace:\n"
        "[  319.339415] CPU: 1 PID: 3301 Comm: sctp_darn Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[  319.339437] Call Trace:\n"
        "[  319.339443]  <TASK>\n"
        "[  319.339446]  dump_stack_lvl+0x469/0x590\n"
        "[  319.339453]  debug_check_no_locks_freed+0x58/0x80\n"
        "[  319.339459]  kmem_cache_free+0x256/0x890\n"
        "[  319.339473]  __sk_destruct+0xc/0xd00\n"
        "[  319.339481]  sctp_association_put+0x220/0x2b0 [sctp]\n"
        "[  319.339494]  sctp_wait_for_connect+0x4be/0x750 [sctp]\n"
        "[  319.339645]  </TASK>"
    ),
    near_miss="[   60.448012] held lock freed!",
)
