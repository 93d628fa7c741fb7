"""An object is freed twice, and KASAN sees it."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="kasan-double-free",
    title="an object is freed twice, and KASAN sees it",
    doc=(
        "A driver frees an object twice. A kernel with KASAN notices at the second time, and names who "
        "allocated and who freed it first."
    ),
    group="crash",
    needs=Needs(lab=True, config={"CONFIG_KASAN": "y"}),
    inject="echo kasan-double-free > /proc/kernward_faults",
    symptom=Symptom(
        doc="The report names the access and its place.",
        console=r"BUG: KASAN: double-free in kf_kfree_twice",
        within_s=20,
    ),
    truth=Truth(
        kinds=("kasan",),
        mechanism=(
            "kasan_report_invalid_free() in mm/kasan/report.c, called by the allocator for kf_kfree_twice() "
            "of the module kernward_faults."
        ),
    ),
)
