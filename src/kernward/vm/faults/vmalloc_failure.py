"""A driver asks vmalloc() for more than the machine has."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="vmalloc-failure",
    title="vmalloc() of more than the machine has",
    doc=(
        "A driver computes the size of a log from what its device says, and asks vmalloc() for more than the "
        "machine has pages."
    ),
    group="memory",
    parameters=(Parameter("size_gb", 64, "GiB", "how much it asks for", least=1, most=16384),),
    needs=Needs(lab=True),
    inject='echo "vmalloc-failure size_gb=$size_gb" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The kernel says how much was asked for.",
        console=r"vmalloc error: size \d+, exceeds total pages",
    ),
    truth=Truth(
        kinds=("vmalloc-failure",),
        mechanism=(
            "__vmalloc_node_range() in mm/vmalloc.c and warn_alloc() in mm/page_alloc.c, from kf_map_log() of the "
            "module kernward_faults."
        ),
    ),
)
