"""A reader-writer spinlock in an impossible state."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="rwlock",
    title="BUG: rwlock {what} in {function}",
    title_without_function="BUG: rwlock {what} in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: rwlock ",
            regex=(
                r"BUG: rwlock (?P<what>[a-zA-Z][a-zA-Z /-]{3,30}) on CPU#(?P<cpu>\d+), "
                r"(?P<comm>.{0,32})/(?P<pid>\d+)"
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
    printed_by=("kernel/locking/spinlock_debug.c:rwlock_bug",),
    meaning=(
        "Lock debugging found a rwlock_t with a bad magic number (never initialised, or "
        "freed memory), a wrong owner, taken recursively, or not released for seconds. The "
        "words after `rwlock` name which."
    ),
    next_steps=(
        ("Find the object with the lock in the guilty function; check initialisation and life time."),
    ),
    confused_with=("spinlock-bad-magic: the same for plain spinlocks.",),
    example=(
        "[  446.146605] BUG: rwlock bad magic on CPU#0, kworker/0:18/20109, 00000000859f2a8d\n"
        "[  446.146609] CPU: 6 PID: 20109 Comm: kworker/0:18 Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[  446.146640] Call Trace:\n"
        "[  446.146645]  <TASK>\n"
        "[  446.146650]  dump_stack_lvl+0x222/0x270\n"
        "[  446.146661]  do_raw_write_lock+0x642/0x720\n"
        "[  446.146671]  _raw_write_lock_bh+0x679/0xbe0\n"
        "[  446.146676]  tipc_mon_reinit_self+0x516/0x530 [tipc]\n"
        "[  446.146684]  tipc_net_finalize+0x8ee/0xce0 [tipc]\n"
        "[  446.146703]  tipc_net_finalize_work+0x25c/0x9c0 [tipc]\n"
        "[  446.146759]  </TASK>"
    ),
    near_miss="[ 1830.201558] rwlock bad magic on CPU#0",
)
