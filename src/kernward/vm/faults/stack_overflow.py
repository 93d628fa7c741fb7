"""A driver calls itself until the kernel stack is used up."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="stack-overflow",
    title="a kernel stack that is used up",
    doc=(
        "A driver calls itself, a frame of 256 bytes each time, until the kernel stack (16 KiB) is full. With "
        "CONFIG_VMAP_STACK there is a guard page below it, and touching that is the end."
    ),
    group="crash",
    parameters=(
        Parameter("depth_kb", 64, "KiB", "how much stack the recursion wants", least=40, most=65536),
    ),
    needs=Needs(lab=True, config={"CONFIG_VMAP_STACK": "y"}),
    inject='echo "stack-overflow depth_kb=$depth_kb" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The kernel says that the guard page was hit, and panics.",
        console=r"stack guard page was hit at",
    ),
    truth=Truth(
        kinds=("stack-guard-page",),
        mechanism=(
            "exc_double_fault() in arch/x86/kernel/traps.c finds the address next to the stack and calls "
            "handle_stack_overflow(); the culprit is kf_recurse() of the module kernward_faults."
        ),
    ),
    ends=True,
)
