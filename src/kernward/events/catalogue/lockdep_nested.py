"""lockdep: an outer lock that a nested one relies on is not held."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-nested",
    title="WARNING: nested lock was not taken in {function}",
    title_without_function="WARNING: nested lock was not taken in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="Nested lock was not taken",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): Nested lock was not taken",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("level", "str", "INFO, BUG or WARNING, as the release words it"),
        Field("lock", "str", "the class of the lock"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=locks.read,
    printed_by=("kernel/locking/lockdep.c:print_lock_nested_lock_not_held",),
    meaning=(
        "A lock was taken with the promise that another, outer lock is held "
        "(mutex_lock_nest_lock()), and it is not. The order among many inner locks is then "
        "unprotected and tasks can deadlock."
    ),
    next_steps=("The report names both locks: take the outer one on this path or drop the annotation.",),
    confused_with=("lockdep-recursive: no outer lock was promised.",),
    example=(
        "[ 4147.936670] ==================================\n"
        "[ 4147.936689] WARNING: Nested lock was not taken\n"
        "[ 4147.936696] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 4147.936701] ----------------------------------\n"
        "[ 4147.936717] Xorg/1201 is trying to lock:\n"
        "[ 4147.936721] ffff888014f1a0e0 (reservation_ww_class_mutex){+.+.}-{3:3}, at: "
        "i915_gem_evict_something+0x3a/0x1b0 [i915]\n"
        "[ 4147.936735]\n"
        "[ 4147.936754] but this task is not holding:\n"
        "[ 4147.936758] reservation_ww_class_acquire\n"
        "[ 4147.936775]\n"
        "[ 4147.936780] stack backtrace:\n"
        "[ 4147.936799] CPU: 2 PID: 1201 Comm: Xorg Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 4147.936825] Call Trace:\n"
        "[ 4147.936837]  <TASK>\n"
        "[ 4147.936855]  dump_stack_lvl+0x7aa/0xbf0\n"
        "[ 4147.936871]  __lock_acquire+0x73b/0x830\n"
        "[ 4147.936877]  lock_acquire+0x3e2/0xb80\n"
        "[ 4147.936882]  __ww_mutex_lock+0x54/0x440\n"
        "[ 4147.936900]  i915_gem_evict_something+0x7ff/0x970 [i915]\n"
        "[ 4147.936914]  i915_gem_do_execbuffer+0x62a/0x8a0 [i915]\n"
        "[ 4147.937008]  </TASK>"
    ),
    near_miss="[   80.330044] Nested lock was not taken",
)
