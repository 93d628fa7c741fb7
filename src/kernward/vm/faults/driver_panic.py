"""A driver calls panic()."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="driver-panic",
    title="a driver calls panic()",
    doc="A driver that sees no way to go on, since its device's firmware has given up, calls panic().",
    group="crash",
    needs=Needs(lab=True),
    inject="echo panic > /proc/kernward_faults",
    symptom=Symptom(
        doc="The panic with the driver's reason.",
        console=r"Kernel panic - not syncing: kernward_faults: the controller's firmware gave up",
    ),
    truth=Truth(
        kinds=("kernel-panic",),
        mechanism="panic() in kernel/panic.c, called by kf_panic() of the module kernward_faults.",
    ),
    ends=True,
)
