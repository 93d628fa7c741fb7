"""A driver executes bytes that are no instruction."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="invalid-opcode",
    title="an invalid instruction in kernel mode",
    doc=(
        "The processor meets bytes in a driver that are no instruction, as after a stray write to code, or code "
        "for a processor that this one is not. It is not a BUG(): there is no entry for its address."
    ),
    group="crash",
    needs=Needs(lab=True),
    inject="echo invalid-opcode > /proc/kernward_faults",
    symptom=Symptom(
        doc="An oops at the driver's function.",
        console=r"(Oops: )?invalid opcode: 0000",
    ),
    truth=Truth(
        kinds=("invalid-opcode",),
        mechanism=(
            "exc_invalid_op() in arch/x86/kernel/traps.c, after handle_bug() found no bug table entry; the "
            "culprit is kf_invalid_opcode() of the module kernward_faults."
        ),
    ),
)
