"""A driver frees a page that it left marked as mapped."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="bad-page",
    title="a page is freed in a state that no free page has",
    doc=(
        "A driver gives a page back whose structure still says that it belongs to a file. The allocator reports "
        "it and never uses the page again."
    ),
    group="crash",
    needs=Needs(lab=True),
    inject="echo bad-page > /proc/kernward_faults",
    symptom=Symptom(
        doc="The allocator says what is wrong with the page.",
        console=r"BUG: Bad page state in process",
    ),
    truth=Truth(
        kinds=("bad-page-state",),
        mechanism=(
            "free_pages_prepare() and bad_page() in mm/page_alloc.c; the page is freed in "
            "kf_return_mapped_page() of the module kernward_faults."
        ),
    ),
)
