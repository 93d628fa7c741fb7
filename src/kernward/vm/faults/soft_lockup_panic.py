"""kernel.softlockup_panic=1, then a driver keeps a CPU for itself."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="soft-lockup-panic",
    title="a soft lockup that is made a panic",
    doc="As soft-lockup, on a machine that is to restart rather than wait: kernel.softlockup_panic=1.",
    group="hang",
    parameters=(
        Parameter("threshold_s", 2, "s", "kernel.watchdog_thresh; a lockup is twice that", least=1, most=60),
    ),
    needs=Needs(lab=True, config={"CONFIG_SOFTLOCKUP_DETECTOR": "y"}),
    inject="""
        echo $threshold_s >/proc/sys/kernel/watchdog_thresh
        echo 1 >/proc/sys/kernel/softlockup_panic
        echo "soft-lockup seconds=$((threshold_s * 4 + 4))" >/proc/kernward_faults
    """,
    symptom=Symptom(
        doc="The watchdog's report, and a panic behind it.",
        console=r"Kernel panic - not syncing: softlockup: hung tasks",
        within_s=25,
        plus=("threshold_s", "threshold_s", "threshold_s"),
    ),
    truth=Truth(
        kinds=("soft-lockup", "panic-softlockup"),
        mechanism=(
            "watchdog_timer_fn() in kernel/watchdog.c panics because of softlockup_panic; the CPU is in "
            "kf_poll_ring() of the module kernward_faults."
        ),
    ),
    ends=True,
)
