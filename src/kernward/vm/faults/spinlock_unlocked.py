"""A spin lock is given back by somebody who does not hold it."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="spinlock-unlocked",
    title="a spin lock is given back by somebody who does not hold it",
    doc=("A driver gives back a spin lock that nobody holds. A kernel with CONFIG_DEBUG_SPINLOCK notices."),
    group="crash",
    needs=Needs(lab=True, config={"CONFIG_DEBUG_SPINLOCK": "y"}),
    inject="echo spinlock-unlocked > /proc/kernward_faults",
    symptom=Symptom(
        doc="The kernel's report names the lock and who took it.",
        console=r"BUG: spinlock already unlocked on CPU#\d+",
    ),
    truth=Truth(
        kinds=("spinlock-bad-magic",),
        mechanism=(
            "debug_spin_unlock() and spin_bug() in kernel/locking/spinlock_debug.c, from "
            "kf_unlock_unlocked() of the module kernward_faults."
        ),
    ),
)
