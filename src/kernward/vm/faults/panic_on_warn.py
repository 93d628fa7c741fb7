"""kernel.panic_on_warn=1, then a driver's WARN() is true."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="panic-on-warn",
    title="a WARN() in a driver that is made a panic",
    doc="With kernel.panic_on_warn=1 the first warning of a driver is the end of the machine.",
    group="crash",
    needs=Needs(lab=True),
    inject="""
        echo 1 >/proc/sys/kernel/panic_on_warn
        echo warn >/proc/kernward_faults
    """,
    symptom=Symptom(
        doc="The warning, and a panic right behind it.",
        console=r"Kernel panic - not syncing: (kernel: )?panic_on_warn set",
    ),
    truth=Truth(
        kinds=("warning", "panic-on-warn"),
        mechanism=(
            "__warn() in kernel/panic.c calls check_panic_on_warn(); the culprit is kf_warn() of the module "
            "kernward_faults."
        ),
    ),
    ends=True,
)
