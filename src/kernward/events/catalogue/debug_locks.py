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
        "[ 8745.627005] ------------[ cut here ]------------\n"
        "[ 8745.627013] DEBUG_LOCKS_WARN_ON(lock->magic != lock)\n"
        "[ 8745.627017] WARNING: CPU: 2 PID: 13515 at kernel/locking/mutex.c:587 "
        "__mutex_lock+0x8a1/0xf50\n"
        "[ 8745.627036] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 8745.627049] CPU: 2 PID: 13515 Comm: v4l_id Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 8745.627057] RIP: 0010:__mutex_lock+0x8a1/0xf50\n"
        "[ 8745.627146] Call Trace:\n"
        "[ 8745.627160]  <TASK>\n"
        "[ 8745.627171]  mutex_lock_nested+0x68/0x4a0\n"
        "[ 8745.627181]  uvc_v4l2_open+0x408/0xaf0 [uvcvideo]\n"
        "[ 8745.627192]  v4l2_open+0x1c3/0x550 [videodev]\n"
        "[ 8745.627203]  chrdev_open+0x3cb/0xb60\n"
        "[ 8745.627206]  do_dentry_open+0x746/0xd70\n"
        "[ 8745.627211]  path_openat+0x65/0x260\n"
        "[ 8745.627296]  </TASK>\n"
        "[ 8745.627306] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   60.120044] app: calls DEBUG_LOCKS_WARN_ON(x)",
)
