"""A driver's WARN() is true."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="kernel-warning",
    title="a WARN() in a driver",
    doc="A driver finds something out of step and says so with WARN(); it goes on, and so does the machine.",
    group="crash",
    parameters=(Parameter("count", 1, "", "how often", least=1, most=100),),
    needs=Needs(lab=True),
    inject='echo "warn count=$count" > /proc/kernward_faults',
    symptom=Symptom(
        doc="A warning with the driver's function.",
        console=r"WARNING: .*kf_warn\+0x",
        within_s=30,
    ),
    truth=Truth(
        kinds=("warning",),
        mechanism=(
            "__warn() in kernel/panic.c prints where WARN() stands; the culprit is kf_warn() of the module "
            "kernward_faults."
        ),
    ),
)
