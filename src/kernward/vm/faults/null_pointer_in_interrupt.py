"""A driver's interrupt or softirq handler follows a null pointer: the machine panics."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="null-pointer-in-interrupt",
    title="null pointer dereference in an interrupt handler",
    doc=(
        "A handler that runs in a hard interrupt or in a softirq (a tasklet) follows a pointer that was never "
        "set. There is no process that could be ended instead, so the oops is followed by a panic."
    ),
    group="crash",
    parameters=(
        Parameter("context", "softirq", "", "where the handler runs", choices=("softirq", "hardirq")),
        Parameter(
            "access", "read", "", "what is done through the pointer", choices=("read", "write", "execute")
        ),
        Parameter("offset", 16, "bytes", "where in the structure the member lies", least=0, most=4088),
    ),
    needs=Needs(lab=True),
    inject='echo "null-pointer access=$access offset=$offset context=$context" > /proc/kernward_faults',
    symptom=Symptom(
        doc="An oops, then a panic that says that it was in an interrupt.",
        console=r"Kernel panic - not syncing: Fatal exception in interrupt",
    ),
    truth=Truth(
        kinds=("null-pointer-dereference", "panic-fatal-exception"),
        mechanism=(
            "A page fault in kernel mode: page_fault_oops() in arch/x86/mm/fault.c prints it, and oops_end() in "
            "arch/x86/kernel/dumpstack.c panics because in_interrupt(); the culprit is kf_null_$access() of the "
            "module kernward_faults."
        ),
    ),
    ends=True,
)
