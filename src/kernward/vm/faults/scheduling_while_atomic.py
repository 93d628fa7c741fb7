"""A driver sleeps with preemption off."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="scheduling-while-atomic",
    title="a driver sleeps where it must not",
    doc=(
        "A driver goes to sleep with preemption off, as one does who calls msleep() under a spin lock. The "
        "scheduler notices that the preemption count is not zero when the task gives up the CPU."
    ),
    group="crash",
    parameters=(Parameter("milliseconds", 20, "ms", "how long it sleeps", least=1, most=5000),),
    needs=Needs(lab=True),
    inject='echo "scheduling-while-atomic milliseconds=$milliseconds" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The scheduler's complaint with the stack.",
        console=r"BUG: scheduling while atomic: ",
    ),
    truth=Truth(
        kinds=("scheduling-while-atomic",),
        mechanism=(
            "__schedule_bug() in kernel/sched/core.c, from msleep() in kf_sleep_unpreemptible() of the module "
            "kernward_faults."
        ),
    ),
)
