"""A driver keeps a CPU for itself, with interrupts off."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, too_short

FAULT = Fault(
    name="hard-lockup",
    title="a CPU that does not even serve interrupts",
    doc=(
        "A kernel thread of a driver polls its ring with interrupts off. Nothing runs on that CPU, not even its "
        "clock's interrupt, so another CPU has to notice: from 6.5 on a kernel may have CPUs watch each other "
        "(the buddy detector); others need a performance counter that interrupts unmaskably."
    ),
    group="hang",
    parameters=(
        Parameter("seconds", 14, "s", "how long the CPU is kept", least=5, most=3600),
        Parameter("threshold_s", 3, "s", "kernel.watchdog_thresh", least=1, most=60),
        Parameter("cpu", 1, "", "which CPU", least=0, most=1),
    ),
    refuse=lambda values: too_short(values["seconds"], 3.5 * float(values["threshold_s"]) + 1),
    needs=Needs(lab=True, smp=2, config={"CONFIG_HARDLOCKUP_DETECTOR_BUDDY": "y"}),
    inject="""
        echo $threshold_s >/proc/sys/kernel/watchdog_thresh
        echo "hard-lockup seconds=$seconds cpu=$cpu" >/proc/kernward_faults
    """,
    undo="echo 10 >/proc/sys/kernel/watchdog_thresh",
    symptom=Symptom(
        doc="The watchdog names the CPU that is locked up.",
        console=r"(Watchdog detected hard LOCKUP on cpu $cpu|CPU$cpu: Watchdog detected hard LOCKUP)",
        within_s=25,
        plus=("seconds",),
    ),
    truth=Truth(
        kinds=("hard-lockup",),
        mechanism=(
            "watchdog_buddy_check_hardlockup() in kernel/watchdog_buddy.c and watchdog_hardlockup_check() in "
            "kernel/watchdog.c; the CPU is in kf_poll_with_interrupts_off() of the module kernward_faults."
        ),
    ),
    impossible={
        "6.1": (
            "before 6.5 (1f423c905a6b) x86 kernels detect hard lockups with a performance counter only, which an "
            "emulated processor has not: they print 'NMI watchdog: Perf NMI watchdog permanently disabled'"
        )
    },
)
