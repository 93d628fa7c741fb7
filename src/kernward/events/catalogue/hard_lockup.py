"""A CPU has not taken interrupts for ten seconds or more."""

from kernward.events import parties
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="hard-lockup",
    title="BUG: hard lockup in {function}",
    alt_titles=("stall in {function}",),
    title_without_function="BUG: hard lockup in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="etected hard LOCKUP on cpu",
            regex=(
                r"(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?Watchdog detected hard LOCKUP on cpu ?(?P<cpu>\d+)"
            ),
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
    ),
    fields=(
        Field("cpu", "int", "the CPU that does not answer; on powerpc the one that reports"),
        Field("others", "str", "the CPUs that do not answer, where another CPU reports them"),
        Field("victim", "str", "who is kept waiting: a task, a CPU, or what waits"),
        Field("culprit", "str", "who keeps it waiting, where the report tells"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=parties.lockup,
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
        "[ 5544.152962] NMI watchdog: Watchdog detected hard LOCKUP on cpu 3\n"
        "[ 5544.152965] Modules linked in: mlx5_core\n"
        "[ 5544.152985] CPU: 3 PID: 0 Comm: swapper/3 Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 5544.153005] RIP: 0010:native_queued_spin_lock_slowpath+0x98/0xa0\n"
        "[ 5544.153128] Call Trace:\n"
        "[ 5544.153145]  <IRQ>\n"
        "[ 5544.153156]  _raw_spin_lock_irqsave+0x134/0x4b0\n"
        "[ 5544.153174]  mlx5_eq_async_int+0x4b9/0x540 [mlx5_core]\n"
        "[ 5544.153188]  atomic_notifier_call_chain+0xe3/0x110\n"
        "[ 5544.153194]  __handle_irq_event_percpu+0x61e/0xbe0\n"
        "[ 5544.153201]  handle_irq_event+0x25/0x80\n"
        "[ 5544.153212]  handle_edge_irq+0x3e7/0x770\n"
        "[ 5544.153242]  </IRQ>\n"
        "[ 5544.153251]  <TASK>\n"
        "[ 5544.153322]  </TASK>"
    ),
    near_miss="[    0.400012] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
)
