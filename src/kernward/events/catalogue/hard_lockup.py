"""A CPU has not taken interrupts for ten seconds or more."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="hard-lockup",
    title="BUG: hard lockup in {function}",
    alt_titles=("stall in {function}",),
    title_without_function="BUG: hard lockup in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="etected hard LOCKUP on cpu",
            regex=r"(?:(?:NMI )?watchdog: )?Watchdog detected hard LOCKUP on cpu ?(?P<cpu>\d+)",
            printed=("Watchdog detected hard LOCKUP on cpu",),
        ),
        Pattern(
            literal="detected LOCKUP on CPU",
            regex=r"(?:BUG: )?NMI [Ww]atchdog detected LOCKUP on CPU ?(?P<cpu>\d+)",
            unprinted="old kernels",
        ),
        Pattern(
            literal="hard LOCKUP",
            regex=(
                r"watchdog: CPU (?P<cpu>\d+) (?:self-detected hard LOCKUP|detected hard LOCKUP on"
                r" other CPUs (?P<others>[\d,-]+))"
            ),
            unprinted="printed by powerpc only",
        ),
        Pattern(
            literal="Watchdog detected hard LOCKUP",
            regex=r"CPU(?P<cpu>\d+): Watchdog detected hard LOCKUP on cpu ?\d+",
            printed=("Watchdog detected hard LOCKUP on cpu",),
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that does not answer; on powerpc the one that reports"),
        Field("others", "str", "the CPUs that do not answer, where another CPU reports them"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=(
        "kernel/watchdog_hld.c:watchdog_overflow_callback",
        "kernel/watchdog.c:watchdog_hardlockup_check",
    ),
    meaning=(
        "The NMI watchdog (or a neighbouring CPU) saw that a CPU's timer interrupt count "
        "stands still: it runs with interrupts disabled and does not come back, or it "
        "stopped executing. Reasons are a deadlock on a lock taken with interrupts off, an "
        "endless interrupt handler, firmware (SMI) that keeps the CPU, or broken hardware."
    ),
    next_steps=(
        (
            "Look at the RIP: native_queued_spin_lock_slowpath means that it waits, and the "
            "holder is on another CPU."
        ),
        "Look at the other CPUs' back traces for the holder.",
        (
            "No kernel reason: SMI counts (`turbostat`, msr 0x34), BMC log, C-state limits "
            "(`intel_idle.max_cstate=1`)."
        ),
    ),
    confused_with=(
        "soft-lockup: interrupts still work.",
        "panic-hard-lockup: the panic that the setting makes of it.",
    ),
    example=(
        "[  318.690020] NMI watchdog: Watchdog detected hard LOCKUP on cpu 3\n"
        "[  318.690025] Modules linked in: mlx5_core"
    ),
    near_miss="[    0.400012] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
)
