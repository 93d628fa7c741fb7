"""A driver divides by zero."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="divide-error",
    title="a division by zero in a driver",
    doc="A driver divides by a count that is 0. The processor raises a divide error, and the kernel oopses.",
    group="crash",
    needs=Needs(lab=True),
    inject="echo divide-error > /proc/kernward_faults",
    symptom=Symptom(
        doc="An oops that says so.",
        console=r"divide error: 0000|Oops: divide error: 0000",
    ),
    truth=Truth(
        kinds=("divide-error",),
        mechanism=(
            "exc_divide_error() in arch/x86/kernel/traps.c; the culprit is kf_divide() of the module "
            "kernward_faults."
        ),
    ),
)
