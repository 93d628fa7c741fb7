"""A CPU ran in the kernel without scheduling for more than 20 seconds."""

from kernward.events import parties
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="soft-lockup",
    title="BUG: soft lockup in {function}",
    alt_titles=("stall in {function}",),
    title_without_function="BUG: soft lockup in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="soft lockup - CPU#",
            regex=(
                r"(?:(?:NMI )?watchdog: )?BUG: soft lockup - CPU#(?P<cpu>\d+) stuck for "
                r"(?P<stuck_s>\d+)s! \[(?P<comm>.{0,64}):(?P<pid>\d+)\]"
            ),
            printed=("BUG: soft lockup - CPU#%d stuck for %us! [%s:%d]",),
        ),
        Pattern(
            literal="soft lockup - CPU#",
            regex=r"(?:(?:NMI )?watchdog: )?BUG: soft lockup - CPU#(?P<cpu>\d+)",
            printed=("BUG: soft lockup - CPU#%d stuck for %us! [%s:%d]",),
        ),
        Pattern(
            literal="soft lockup detected on CPU#",
            regex=r"BUG: soft lockup detected on CPU#(?P<cpu>\d+)!",
            unprinted="kernels before 2.6.2x",
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that does not schedule"),
        Field("stuck_s", "int", "for how long"),
        Field("comm", "str", "the task on it"),
        Field("pid", "int", "its pid"),
        Field("victim", "str", "who is kept waiting: a task, a CPU, or what waits"),
        Field("culprit", "str", "who keeps it waiting, where the report tells"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STALL,
    read=parties.lockup,
    printed_by=("kernel/watchdog.c:watchdog_timer_fn",),
    meaning=(
        "The watchdog thread of a CPU did not get to run for twice kernel.watchdog_thresh. "
        "The CPU loops in kernel code without giving way: a very long list, a lock that is "
        "not released, an interrupt storm, a device that never answers. On a virtual machine "
        "the host may simply not have run it. Other CPUs that need this one (IPIs, RCU) "
        "stall as well, so the reported CPU can be the victim of another."
    ),
    next_steps=(
        ("Look at the RIP and the first frames: a spin on a lock means that the culprit is on another CPU."),
        (
            "smp_call_function in the trace: this CPU waits for one that does not answer; look "
            "at the other CPUs' back traces."
        ),
        "Virtual machine: steal time (`sar -P ALL`), live migration, host overload.",
        "`kernel.softlockup_all_cpu_backtrace=1` for the next time.",
    ),
    confused_with=(
        "hard-lockup: not even interrupts get through.",
        "rcu-stall: the same trouble seen by RCU.",
        "hung-task: a task sleeps.",
    ),
    example=(
        "[ 5081.027379] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [rmdir:4931]\n"
        "[ 5081.027387] Modules linked in: xfs libcrc32c\n"
        "[ 5081.027393] CPU: 1 PID: 4931 Comm: rmdir Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 5081.027408] RIP: 0010:shrink_dcache_parent+0x10b/0x6d0\n"
        "[ 5081.027575] Call Trace:\n"
        "[ 5081.027589]  <TASK>\n"
        "[ 5081.027599]  d_invalidate+0x736/0xdc0\n"
        "[ 5081.027603]  acme_drop_tree+0xce/0x4d0 [acme]\n"
        "[ 5081.027617]  acme_rmdir+0x1e6/0x6e0 [acme]\n"
        "[ 5081.027629]  vfs_rmdir+0x74d/0x810\n"
        "[ 5081.027645]  do_rmdir+0x602/0x960\n"
        "[ 5081.027658]  __x64_sys_rmdir+0x3d0/0xa80\n"
        "[ 5081.027727]  </TASK>"
    ),
    near_miss="[    0.400012] watchdog: softdog: soft lockup detection off - CPU hot plug",
)
