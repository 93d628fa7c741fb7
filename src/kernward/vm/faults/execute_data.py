"""A driver calls a function pointer that points to data."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="execute-data",
    title="a call to data",
    doc=(
        "A driver calls a function pointer that points into its data, which the page tables mark as not to be "
        "executed: a corrupted structure, or somebody's attempt to run code of his own."
    ),
    group="crash",
    needs=Needs(lab=True),
    inject="echo execute-data > /proc/kernward_faults",
    symptom=Symptom(
        doc="The kernel says that it tried to execute a protected page.",
        console=r"kernel tried to execute NX-protected page",
    ),
    truth=Truth(
        kinds=("nx-exec",),
        mechanism=(
            "show_fault_oops() in arch/x86/mm/fault.c, for an instruction fetch from a page with the NX bit; "
            "the call is in kf_call_data() of the module kernward_faults."
        ),
    ),
)
