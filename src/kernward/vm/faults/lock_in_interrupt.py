"""A lock of an interrupt is taken with interrupts on."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="lock-in-interrupt",
    title="a lock of an interrupt is taken with interrupts on",
    doc=(
        "An interrupt of a driver takes a spin lock, and so does a task, with interrupts on: the "
        "interrupt could come while the task holds it, and wait for ever. Lockdep remembers both uses and "
        "reports that they do not go together."
    ),
    group="crash",
    needs=Needs(lab=True, config={"CONFIG_PROVE_LOCKING": "y"}),
    inject="echo lock-in-interrupt > /proc/kernward_faults",
    symptom=Symptom(
        doc="The kernel's report names the lock and who took it.",
        console=r"WARNING: inconsistent lock state",
    ),
    truth=Truth(
        kinds=("lockdep-inconsistent-state",),
        mechanism=(
            "mark_lock_irq() and print_usage_bug() in kernel/locking/lockdep.c, from spin_lock() in "
            "kf_read_events() of the module kernward_faults."
        ),
    ),
)
