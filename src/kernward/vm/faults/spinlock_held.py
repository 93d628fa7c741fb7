"""A driver keeps a spin lock, and another CPU waits for it."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, too_short

FAULT = Fault(
    name="spinlock-held",
    title="a spin lock that is held too long",
    doc=(
        "A kernel thread of a driver holds a spin lock and goes on for seconds; another, on another CPU, waits "
        "for it with preemption off. Both CPUs are lost to everything else. Kernels since 2017 (bc88c10d7e69) "
        "have no message of their own for it, not even with CONFIG_DEBUG_SPINLOCK: it shows as soft lockups, of "
        "which the one in queued_spin_lock_slowpath() is the victim."
    ),
    group="hang",
    parameters=(
        Parameter("seconds", 8, "s", "how long it is held", least=3, most=3600),
        Parameter("threshold_s", 2, "s", "kernel.watchdog_thresh; a lockup is twice that", least=1, most=60),
    ),
    refuse=lambda values: too_short(values["seconds"], 2.5 * float(values["threshold_s"]) + 0.5),
    needs=Needs(lab=True, smp=2, config={"CONFIG_SOFTLOCKUP_DETECTOR": "y"}),
    inject="""
        echo $threshold_s >/proc/sys/kernel/watchdog_thresh
        echo "spinlock-held seconds=$seconds" >/proc/kernward_faults
    """,
    undo="echo 10 >/proc/sys/kernel/watchdog_thresh",
    symptom=Symptom(
        doc="The watchdog names the CPU that waits.",
        console=r"watchdog: BUG: soft lockup - CPU#1 stuck for \d+s! \[kf_waiter:\d+\]",
        within_s=25,
        plus=("seconds",),
    ),
    truth=Truth(
        kinds=("soft-lockup",),
        cause="lock-held-busy",
        entity_kind="process",
        entity="kf_holder",
        mechanism=(
            "queued_spin_lock_slowpath() in kernel/locking/qspinlock.c waits, called by kf_wait_for_spinlock(); "
            "the holder is in kf_hold_spinlock() of the module kernward_faults."
        ),
    ),
)
