"""A CPU ran in the kernel without scheduling for more than 20 seconds."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="soft-lockup",
    title="BUG: soft lockup in {function}",
    alt_titles=("stall in {function}",),
    title_without_function="BUG: soft lockup in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
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
    ),
    extent=Extent.REPORT,
    blame=Blame.STALL,
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
        "[  281.646907] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [python3:4588]\n"
        "[  281.646915] Modules linked in: xfs libcrc32c"
    ),
    near_miss="[    0.400012] watchdog: softdog: soft lockup detection off - CPU hot plug",
)
