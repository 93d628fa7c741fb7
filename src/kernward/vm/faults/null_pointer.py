"""A driver reads, writes or calls through a null pointer."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="null-pointer",
    title="null pointer dereference in a driver",
    doc=(
        "A function of a module follows a pointer that was never set: it reads or writes a member of a "
        "structure at address 0, or calls a member that is 0. The kernel oopses, kills the process that "
        "called the driver, and goes on."
    ),
    group="crash",
    parameters=(
        Parameter(
            "access", "read", "", "what is done through the pointer", choices=("read", "write", "execute")
        ),
        Parameter(
            "offset",
            16,
            "bytes",
            "where in the structure the member lies; for execute the address that is called",
            least=0,
            most=4088,
        ),
    ),
    needs=Needs(lab=True),
    inject='echo "null-pointer access=$access offset=$offset" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The kernel prints an oops that names the address.",
        console=r"BUG: kernel NULL pointer dereference, address: [0-9a-f]+",
    ),
    truth=Truth(
        kinds=("null-pointer-dereference",),
        entity_kind="process",
        entity="sh",
        mechanism=(
            "A page fault in kernel mode below the first page: page_fault_oops() and show_fault_oops() in "
            "arch/x86/mm/fault.c print it; the culprit is kf_null_$access() of the module kernward_faults."
        ),
    ),
)
