"""Two locks are taken in both orders."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="lock-order",
    title="two locks are taken in both orders",
    doc=(
        "A driver takes two mutexes in one order here and in the other there: two tasks could wait for "
        "each other for ever. Nothing hangs, since one task does both; lockdep remembers the orders and "
        "reports the circle."
    ),
    group="crash",
    needs=Needs(lab=True, config={"CONFIG_PROVE_LOCKING": "y"}),
    inject="echo lock-order > /proc/kernward_faults",
    symptom=Symptom(
        doc="The kernel's report names the lock and who took it.",
        console=r"WARNING: possible circular locking dependency detected",
    ),
    truth=Truth(
        kinds=("lockdep-circular",),
        mechanism=(
            "check_noncircular() in kernel/locking/lockdep.c, from mutex_lock() in kf_lock_tx_rx() of the "
            "module kernward_faults."
        ),
    ),
)
