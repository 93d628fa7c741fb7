"""kernel.panic_on_oops=1, then a driver follows a null pointer."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="panic-on-oops",
    title="an oops that is made a panic",
    doc=(
        "With kernel.panic_on_oops=1, as distributions for servers set it, the null pointer of a driver does "
        "not end with the process that called it but takes the machine along."
    ),
    group="crash",
    needs=Needs(lab=True),
    inject="""
        echo 1 >/proc/sys/kernel/panic_on_oops
        echo null-pointer >/proc/kernward_faults
    """,
    symptom=Symptom(
        doc="The oops, and a panic behind it.",
        console=r"Kernel panic - not syncing: Fatal exception\r?$",
    ),
    truth=Truth(
        kinds=("null-pointer-dereference", "panic-fatal-exception"),
        mechanism=(
            "oops_end() in arch/x86/kernel/dumpstack.c panics because of panic_on_oops; the culprit is "
            "kf_null_read() of the module kernward_faults."
        ),
    ),
    ends=True,
)
