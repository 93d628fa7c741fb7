"""A driver writes past an array on its stack."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="stack-corruption",
    title="a driver writes past an array on its stack",
    doc=(
        "A driver writes more into an array on its stack than it holds, over the value that the compiler put "
        "behind it (-fstack-protector). The check on return finds it changed and panics."
    ),
    group="crash",
    parameters=(Parameter("bytes", 32, "bytes", "how far past the array's end", least=16, most=256),),
    needs=Needs(lab=True, config={"CONFIG_STACKPROTECTOR": "y"}),
    inject='echo "stack-corruption bytes=$bytes" > /proc/kernward_faults',
    symptom=Symptom(
        doc="A panic that names the function.",
        console=r"stack-protector: Kernel stack is corrupted in: kf_smash_stack",
    ),
    truth=Truth(
        kinds=("panic-stack-corrupted",),
        mechanism=(
            "__stack_chk_fail() in kernel/panic.c, called by what the compiler put at the end of "
            "kf_smash_stack() of the module kernward_faults."
        ),
    ),
    ends=True,
)
