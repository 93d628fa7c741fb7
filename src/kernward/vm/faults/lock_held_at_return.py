"""A system call returns with a lock held."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="lock-held-at-return",
    title="a system call returns with a lock held",
    doc=(
        "A driver takes a mutex and forgets to give it back on one of its ways out: the process returns "
        "to user space with the lock held. Lockdep looks for that at each return."
    ),
    group="crash",
    needs=Needs(lab=True, config={"CONFIG_PROVE_LOCKING": "y"}),
    inject="echo lock-held-at-return > /proc/kernward_faults",
    symptom=Symptom(
        doc="The kernel's report names the lock and who took it.",
        console=r"WARNING: lock held when returning to user space!",
    ),
    truth=Truth(
        kinds=("lockdep-held-at-return",),
        mechanism=(
            "lockdep_sys_exit() in kernel/locking/lockdep.c; the mutex was taken in kf_forget_unlock() of "
            "the module kernward_faults."
        ),
    ),
)
