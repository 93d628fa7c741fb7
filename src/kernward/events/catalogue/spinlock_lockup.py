"""A CPU has been spinning on a lock for seconds."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="spinlock-lockup",
    title="BUG: spinlock {what} in {function}",
    alt_titles=("stall in {function}",),
    title_without_function="BUG: spinlock {what} in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
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
    printed_by=("kernel/locking/spinlock_debug.c:__spin_lock_debug",),
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
        "[  512.220010] BUG: spinlock lockup suspected on CPU#2, kworker/2:1/812\n"
        "[  512.220018]  lock: 0xffff88007fd16c40, .magic: dead4ead, .owner: ksoftirqd/1/16, "
        ".owner_cpu: 1"
    ),
    near_miss="[  512.220010] spinlock lockup test skipped",
)
