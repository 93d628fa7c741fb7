"""A driver follows a pointer that a list removal has poisoned."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="non-canonical-address",
    title="general protection fault at a poisoned pointer",
    doc=(
        "A driver follows the pointer that list_del() leaves in a removed entry, LIST_POISON1. No page table "
        "could map such an address (it is not canonical), so the processor raises a general protection fault, "
        "not a page fault."
    ),
    group="crash",
    parameters=(Parameter("access", "read", "", "what is done there", choices=("read", "write")),),
    needs=Needs(lab=True),
    inject='echo "non-canonical-address access=$access" > /proc/kernward_faults',
    symptom=Symptom(
        doc="A general protection fault that names the poisoned address.",
        console=r"general protection fault, .*non-canonical address 0xdead000000000100",
    ),
    truth=Truth(
        kinds=("general-protection-fault",),
        mechanism=(
            "exc_general_protection() in arch/x86/kernel/traps.c; the address is LIST_POISON1 of "
            "include/linux/poison.h; the culprit is kf_follow_wild() of the module kernward_faults."
        ),
    ),
)
