"""A driver goes past the end of a buffer, onto a page that nothing is mapped at."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="unmapped-address",
    title="page fault on a kernel address that nothing is mapped at",
    doc=(
        "A driver reads or writes one byte past a buffer of vmalloc(), where the guard page lies: a kernel "
        "address like any other, but without a page. The kernel oopses and goes on."
    ),
    group="crash",
    parameters=(Parameter("access", "read", "", "what is done there", choices=("read", "write")),),
    # KASAN would be first.
    needs=Needs(lab=True, config={"CONFIG_KASAN_VMALLOC": ""}),
    inject='echo "unmapped-address access=$access" > /proc/kernward_faults',
    symptom=Symptom(
        doc="An oops that names the address.",
        console=r"BUG: unable to handle page fault for address: ffff[0-9a-f]+",
    ),
    truth=Truth(
        kinds=("page-fault",),
        mechanism=(
            "A page fault in kernel mode without an entry in the exception table: page_fault_oops() in "
            "arch/x86/mm/fault.c; the culprit is kf_${access}_past_buffer() of the module kernward_faults."
        ),
    ),
)
