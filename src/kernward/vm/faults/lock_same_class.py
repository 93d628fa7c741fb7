"""Two locks of one class are nested."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="lock-same-class",
    title="two locks of one class are nested",
    doc=(
        "A driver takes the locks of two ports, one inside the other. Both belong to one class and "
        "nothing says in which order they may be taken; lockdep takes it for the same lock twice."
    ),
    group="crash",
    needs=Needs(lab=True, config={"CONFIG_PROVE_LOCKING": "y"}),
    inject="echo lock-same-class > /proc/kernward_faults",
    symptom=Symptom(
        doc="The kernel's report names the lock and who took it.",
        console=r"WARNING: possible recursive locking detected",
    ),
    truth=Truth(
        kinds=("lockdep-recursive",),
        mechanism=(
            "check_deadlock() in kernel/locking/lockdep.c, from mutex_lock() in kf_lock_both_ports() of "
            "the module kernward_faults."
        ),
    ),
)
