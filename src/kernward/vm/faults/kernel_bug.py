"""A driver's BUG_ON() is true."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="kernel-bug",
    title="a BUG() in a driver",
    doc=(
        "A driver finds what its author thought impossible and says BUG_ON(). The kernel prints file and line, "
        "and kills the process that called the driver with all its locks held."
    ),
    group="crash",
    needs=Needs(lab=True),
    inject="echo bug > /proc/kernward_faults",
    symptom=Symptom(
        doc="The kernel names the line of the driver's source.",
        console=r"kernel BUG at kernward_faults/traps\.c:\d+!",
    ),
    truth=Truth(
        kinds=("kernel-bug",),
        mechanism=(
            "BUG() is an invalid instruction: handle_bug() and report_bug() (lib/bug.c) know its address; the "
            "culprit is kf_bug() of the module kernward_faults."
        ),
    ),
)
