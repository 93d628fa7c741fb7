"""A CPU has been spinning on a lock for seconds."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="spinlock-lockup",
    title="BUG: spinlock {what} in {function}",
    alt_titles=("stall in {function}",),
    title_without_function="BUG: spinlock {what} in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="BUG: spinlock ",
            regex=(
                r"BUG: spinlock (?P<what>lockup(?: suspected)?) on CPU#(?P<cpu>\d+), "
                r"(?P<comm>.{0,32})/(?P<pid>\d+)"
            ),
            unprinted="CONFIG_DEBUG_SPINLOCK is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("what", "str", "the kernel's words"),
        Field("cpu", "int", "the CPU that waits"),
        Field("comm", "str", "the task that waits"),
        Field("pid", "int", "its pid"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("kernel/locking/spinlock_debug.c",),
    meaning=(
        "The debugging spinlock gave up waiting quietly: the lock has not been released for "
        "about a second or more. The holder is stuck, was preempted by the hypervisor, or a "
        "deadlock has happened. The .owner printed below is the culprit, the CPU that "
        "reports is the victim."
    ),
    next_steps=(
        "Look at .owner and the back trace of its CPU.",
        "On a virtual machine check steal time first: a descheduled vCPU looks like this.",
    ),
    confused_with=("soft-lockup: the watchdog's view of the same.",),
    example=(
        "[ 2351.727814] BUG: spinlock lockup suspected on CPU#5, acmed/3227\n"
        "[ 2351.727833]  lock: 0xffff8881bd535800, .magic: dead4ead, .owner: kworker/1:1/812, "
        ".owner_cpu: 1\n"
        "[ 2351.727847] CPU: 5 PID: 3227 Comm: acmed Not tainted 4.14.98+ #12\n"
        "[ 2351.727860] Call Trace:\n"
        "[ 2351.727868]  dump_stack+0x163/0x240\n"
        "[ 2351.727887]  do_raw_spin_lock+0x4f/0x90\n"
        "[ 2351.727902]  _raw_spin_lock+0x696/0xae0\n"
        "[ 2351.727908]  acme_ring_flush+0x209/0x880 [acme]\n"
        "[ 2351.727925]  acme_ioctl+0x9e2/0xae0 [acme]\n"
        "[ 2351.727930]  do_vfs_ioctl+0x6bc/0x700"
    ),
    near_miss="[  512.220010] spinlock lockup test skipped",
)
