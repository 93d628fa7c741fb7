"""A driver asks for blocks of memory, atomically, until there are none left."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="page-allocation-failure",
    title="an allocation of contiguous pages fails",
    doc=(
        "A driver asks for contiguous blocks in atomic context, where the kernel can neither reclaim nor move "
        "pages, until there is none left (then it gives all back). An order of 10 is 4 MiB in one piece."
    ),
    group="memory",
    parameters=(Parameter("order", 10, "", "2^order pages in one piece", least=1, most=10),),
    needs=Needs(lab=True),
    inject='echo "page-allocation-failure order=$order" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The allocator's report with the free lists.",
        console=r"page allocation failure: order:$order, mode:",
        within_s=20,
    ),
    truth=Truth(
        kinds=("page-allocation-failure",),
        mechanism=(
            "__alloc_pages_slowpath() and warn_alloc() in mm/page_alloc.c, from kf_take_block() of the module "
            "kernward_faults."
        ),
    ),
)
