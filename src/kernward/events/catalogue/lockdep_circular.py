"""lockdep: locks are taken in orders that can deadlock."""

from kernward.events import locks
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="lockdep-circular",
    title="possible deadlock in {function}",
    title_without_function="WARNING: possible circular locking dependency detected",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="possible circular locking dependency detected",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): possible circular locking dependency detected",
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
    printed_by=("kernel/locking/lockdep.c:print_circular_bug_header",),
    meaning=(
        "The lock validator records in which order locks are taken. The task was about to "
        "take a lock in an order that, with what was recorded before, closes a circle: two "
        "or more tasks can wait for each other for ever. lockdep reports a possibility: the "
        "deadlock itself need not have happened. After the first report lockdep is off, so "
        "there is at most one a boot."
    ),
    next_steps=(
        ("Read the chain from the bottom: which two orders (or contexts) contradict each other."),
        (
            "Decide which side is wrong, or whether the locks are of different nesting levels "
            "(lockdep_set_class, mutex_lock_nested)."
        ),
        "`scripts/decode_stacktrace.sh vmlinux < report` for the lines.",
    ),
    confused_with=(
        "lockdep-recursive: one task takes the same lock twice.",
        "hung-task: a deadlock that did happen.",
    ),
    example=(
        "[ 4590.157082][ T3120] ======================================================\n"
        "[ 4590.157094][ T3120] WARNING: possible circular locking dependency detected\n"
        "[ 4590.157099][ T3120] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 4590.157102][ T3120] ------------------------------------------------------\n"
        "[ 4590.157114][ T3120] lvm/3120 is trying to acquire lock:\n"
        "[ 4590.157121][ T3120] ffff888014f1a0e0 (&type->s_umount_key#31){++++}-{3:3}, at: "
        "freeze_super+0x4c/0x240\n"
        "[ 4590.157128][ T3120]\n"
        "[ 4590.157148][ T3120] but task is already holding lock:\n"
        "[ 4590.157156][ T3120] ffff88801c2b1a50 (&md->suspend_lock){+.+.}-{3:3}, at: "
        "dm_suspend+0x3a/0x1b0 [dm_mod]\n"
        "[ 4590.157165][ T3120]\n"
        "[ 4590.157176][ T3120] which lock already depends on the new lock.\n"
        "[ 4590.157190][ T3120]\n"
        "[ 4590.157207][ T3120]\n"
        "[ 4590.157218][ T3120] the existing dependency chain (in reverse order) is:\n"
        "[ 4590.157237][ T3120]\n"
        "[ 4590.157245][ T3120] -> #1 (&md->suspend_lock){+.+.}-{3:3}:\n"
        "[ 4590.157258][ T3120]        __mutex_lock+0x4e8/0x5c0\n"
        "[ 4590.157267][ T3120]        dm_internal_suspend_fast+0x30f/0x560 [dm_mod]\n"
        "[ 4590.157282][ T3120]        raid_message+0xd3/0x250 [dm_raid]\n"
        "[ 4590.157291][ T3120]\n"
        "[ 4590.157301][ T3120] -> #0 (&type->s_umount_key#31){++++}-{3:3}:\n"
        "[ 4590.157308][ T3120]        __lock_acquire+0x3c/0x230\n"
        "[ 4590.157326][ T3120]        lock_acquire+0x2e9/0x460\n"
        "[ 4590.157342][ T3120]        down_write+0x31e/0x820\n"
        "[ 4590.157348][ T3120]        freeze_super+0xad4/0xba0\n"
        "[ 4590.157357][ T3120]        dm_suspend+0x7a1/0xa50 [dm_mod]\n"
        "[ 4590.157368][ T3120]        dev_suspend+0x55a/0x890 [dm_mod]\n"
        "[ 4590.157381][ T3120]\n"
        "[ 4590.157385][ T3120] other info that might help us debug this:\n"
        "[ 4590.157397][ T3120]\n"
        "[ 4590.157404][ T3120]  Possible unsafe locking scenario:\n"
        "[ 4590.157414][ T3120]\n"
        "[ 4590.157429][ T3120]        CPU0                    CPU1\n"
        "[ 4590.157448][ T3120]        ----                    ----\n"
        "[ 4590.157459][ T3120]   lock(&md->suspend_lock);\n"
        "[ 4590.157472][ T3120]                                lock(&type->s_umount_key#31);\n"
        "[ 4590.157488][ T3120]                                lock(&md->suspend_lock);\n"
        "[ 4590.157503][ T3120]   lock(&type->s_umount_key#31);\n"
        "[ 4590.157511][ T3120]\n"
        "[ 4590.157523][ T3120]  *** DEADLOCK ***\n"
        "[ 4590.157534][ T3120]\n"
        "[ 4590.157538][ T3120] 1 lock held by lvm/3120:\n"
        "[ 4590.157552][ T3120]  #0: ffff88801c2b1a50 (&md->suspend_lock){+.+.}-{3:3}, at: "
        "dm_suspend+0x3a/0x1b0 [dm_mod]\n"
        "[ 4590.157560][ T3120]\n"
        "[ 4590.157565][ T3120] stack backtrace:\n"
        "[ 4590.157573][ T3120] CPU: 1 PID: 2481 Comm: lvm Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 4590.157591][ T3120] Call Trace:\n"
        "[ 4590.157604][ T3120]  <TASK>"
    ),
    near_miss="[   74.221010] lockdep: possible circular locking is checked",
)
