"""lockdep: a task that exits or freezes still holds locks."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-still-held",
    title="{level}: still has locks held in {function}",
    title_without_function="{level}: still has locks held in corrupted",
    class_="crash",
    severity="warning",
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
        "[ 1411.434236] ====================================\n"
        "[ 1411.434242] WARNING: md127_resync/4398 still has locks held!\n"
        "[ 1411.434249] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 1411.434266] ------------------------------------\n"
        "[ 1411.434271] 1 lock held by md127_resync/4398:\n"
        "[ 1411.434285]  #0: ffff88801976f560 (&mddev->reconfig_mutex){+.+.}-{3:3}, at: "
        "md_do_sync+0x24a/0x2f0 [md_mod]\n"
        "[ 1411.434299]\n"
        "[ 1411.434314] stack backtrace:\n"
        "[ 1411.434333] CPU: 2 PID: 4398 Comm: md127_resync Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 1411.434355] Call Trace:\n"
        "[ 1411.434375]  <TASK>\n"
        "[ 1411.434387]  dump_stack_lvl+0x781/0xae0\n"
        "[ 1411.434397]  debug_check_no_locks_held+0xcb5/0xd70\n"
        "[ 1411.434412]  get_signal+0xb8/0xa60\n"
        "[ 1411.434422]  md_do_sync+0x504/0x730 [md_mod]\n"
        "[ 1411.434429]  md_thread+0x23b/0x640 [md_mod]\n"
        "[ 1411.434438]  process_one_work+0x8de/0xa60\n"
        "[ 1411.434472]  </TASK>"
    ),
    near_miss="[  826.525201] app/4398 still has locks held!",
)
