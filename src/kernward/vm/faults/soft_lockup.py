"""A driver keeps a CPU for itself."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, too_short

FAULT = Fault(
    name="soft-lockup",
    title="a CPU that does nothing but a driver's loop",
    doc=(
        "A kernel thread of a driver polls its ring with preemption off and does not let go. Interrupts are "
        "served, but nothing else runs on that CPU. After twice kernel.watchdog_thresh the kernel complains; the "
        "machine goes on when the loop ends."
    ),
    group="hang",
    parameters=(
        Parameter("seconds", 8, "s", "how long the CPU is kept", least=3, most=3600),
        Parameter("threshold_s", 2, "s", "kernel.watchdog_thresh; a lockup is twice that", least=1, most=60),
        Parameter("cpu", 0, "", "which CPU", least=0, most=7),
    ),
    refuse=lambda values: too_short(values["seconds"], 2.5 * float(values["threshold_s"]) + 0.5),
    needs=Needs(lab=True, config={"CONFIG_SOFTLOCKUP_DETECTOR": "y"}),
    inject="""
        echo $threshold_s >/proc/sys/kernel/watchdog_thresh
        echo "soft-lockup seconds=$seconds cpu=$cpu" >/proc/kernward_faults
    """,
    undo="echo 10 >/proc/sys/kernel/watchdog_thresh",
    symptom=Symptom(
        doc="The watchdog names the CPU and the thread.",
        console=r"watchdog: BUG: soft lockup - CPU#$cpu stuck for \d+s! \[kf_poll:\d+\]",
        within_s=25,
        plus=("seconds",),
    ),
    truth=Truth(
        kinds=("soft-lockup",),
        mechanism=(
            "watchdog_timer_fn() in kernel/watchdog.c finds that its stopper thread had no turn; the CPU is in "
            "kf_poll_ring() of the module kernward_faults."
        ),
    ),
)
