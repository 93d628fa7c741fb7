"""A spin lock is taken twice."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="spinlock-recursion",
    title="a spin lock is taken twice",
    doc=(
        "A driver takes a spin lock that it holds. Without help it would wait for itself for ever; here a "
        "timer gives the lock back after half a second, so that the machine goes on. A kernel with "
        "CONFIG_DEBUG_SPINLOCK says what it is."
    ),
    group="crash",
    needs=Needs(lab=True, config={"CONFIG_DEBUG_SPINLOCK": "y"}),
    inject="echo spinlock-recursion > /proc/kernward_faults",
    symptom=Symptom(
        doc="The kernel's report names the lock and who took it.",
        console=r"BUG: spinlock recursion on CPU#\d+",
    ),
    truth=Truth(
        kinds=("spinlock-recursion",),
        mechanism=(
            "debug_spin_lock_before() and spin_bug() in kernel/locking/spinlock_debug.c, from "
            "kf_lock_twice() of the module kernward_faults."
        ),
    ),
)
