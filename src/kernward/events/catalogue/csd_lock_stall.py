"""A CPU does not answer another CPU's request to run a function."""

from kernward.events import parties
from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="csd-lock-stall",
    title="csd: non-responsive CSD lock, waiting for {waited_for}",
    title_without_function="csd: non-responsive CSD lock",
    class_="crash",
    severity="error",
    subsystem="smp",
    patterns=(
        Pattern(
            literal="non-responsive CSD lock (#",
            regex=(
                r"(?:smp: )?csd: (?P<state>Detected|Continued) non-responsive CSD lock \(#(?P<number>\d+)\) "
                r"on CPU#(?P<cpu>\d+), waiting (?P<waited_ns>\d+) ns for CPU#(?P<culprit_cpu>\d+) "
                r"(?P<waited_for>[\w.$]+)"
            ),
            unprinted="CONFIG_CSD_LOCK_WAIT_DEBUG is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("state", "str", "Detected at first, Continued afterwards"),
        Field("number", "int", "running number of the stall"),
        Field("cpu", "int", "the victim: the CPU that waits"),
        Field("waited_ns", "int", "for how long, in nanoseconds"),
        Field("culprit_cpu", "int", "the CPU that does not answer"),
        Field("waited_for", "str", "the function that was to run there"),
        Field("victim", "str", "who is kept waiting: a task, a CPU, or what waits"),
        Field("culprit", "str", "who keeps it waiting, where the report tells"),
    ),
    key=("waited_for",),
    extent=Extent.REPORT,
    absorbs=("csd-lock-stall",),
    read=parties.cross_call,
    printed_by=("kernel/smp.c:csd_lock_wait_toolong",),
    meaning=(
        "smp_call_function() asked another CPU to run a function and waits until it has. The other CPU "
        "has not for five seconds: it runs with interrupts off, is stuck in firmware, or (in a virtual "
        "machine) is not scheduled. TLB flushes, membarrier and many others use such requests, so the "
        "whole machine soon stands still."
    ),
    next_steps=(
        "The culprit is the CPU after `for`: its back trace follows, or `echo l > /proc/sysrq-trigger`.",
        "Look for hard and soft lockup reports of that CPU.",
        "Virtual machine: was the vCPU descheduled (steal time, migration)?",
        "Firmware: count SMIs (`turbostat`), read the BMC log.",
    ),
    confused_with=(
        "soft-lockup: the watchdog's report of the waiting CPU, which is the victim.",
        "hard-lockup: the watchdog's report of the CPU that does not answer.",
    ),
    example=(
        "[ 1714.327546] smp: csd: Detected non-responsive CSD lock (#1) on CPU#2, waiting 5000000032 "
        "ns for CPU#03 do_flush_tlb_all+0x0/0x30(0x0).\n"
        "[ 1714.327557] smp: 	csd: CSD lock (#1) handling this request.\n"
        "[ 1714.327571] Sending NMI from CPU 2 to CPUs 3:\n"
        "[ 1714.327579] NMI backtrace for cpu 3\n"
        "[ 1714.327590] CPU: 0 PID: 5149 Comm: kswapd0 Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 1714.327613] RIP: 0010:acme_wait_idle+0x5d6/0x8e0 [acme]\n"
        "[ 1714.327729] Call Trace:\n"
        "[ 1714.327744]  <TASK>\n"
        "[ 1714.327753]  acme_ioctl+0xac/0x4e0 [acme]\n"
        "[ 1714.327770]  __x64_sys_ioctl+0x19c/0x6d0\n"
        "[ 1714.327790]  do_syscall_64+0x4f0/0x500\n"
        "[ 1714.327806]  entry_SYSCALL_64_after_hwframe+0x834/0xcd0\n"
        "[ 1714.327856]  </TASK>"
    ),
    near_miss="[  419.100032] smp: csd: CSD lock (#1) got unstuck on CPU#02, CPU#03 released the lock.",
)
