"""A driver takes a mutex under a spin lock."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="sleeping-in-atomic",
    title="a function that may sleep is called where nobody may",
    doc=(
        "A driver takes a mutex under a spin lock. The mutex is free, so nothing sleeps, and only a kernel with "
        "CONFIG_DEBUG_ATOMIC_SLEEP notices that it might have."
    ),
    group="crash",
    needs=Needs(lab=True, config={"CONFIG_DEBUG_ATOMIC_SLEEP": "y"}),
    inject="echo sleeping-in-atomic > /proc/kernward_faults",
    symptom=Symptom(
        doc="The kernel says where the function was called.",
        console=r"BUG: sleeping function called from invalid context at kernel/locking/mutex\.c",
    ),
    truth=Truth(
        kinds=("sleeping-in-atomic",),
        mechanism=(
            "__might_resched() in kernel/sched/core.c, from mutex_lock() in kf_lock_mutex_in_atomic() of the "
            "module kernward_faults."
        ),
    ),
)
