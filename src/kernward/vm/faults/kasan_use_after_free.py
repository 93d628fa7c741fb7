"""A freed object is used, and KASAN sees it."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="kasan-use-after-free",
    title="a freed object is used, and KASAN sees it",
    doc=(
        "A driver reads or writes an object that it has freed. A kernel with KASAN notices at the very "
        "access, and names who allocated and who freed it."
    ),
    group="crash",
    parameters=(
        Parameter("access", "read", "", "what is done", choices=("read", "write")),
        Parameter("offset", 16, "bytes", "where in the object", least=0, most=127),
    ),
    needs=Needs(lab=True, config={"CONFIG_KASAN": "y"}),
    inject='echo "kasan-use-after-free access=$access offset=$offset" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The report names the access and its place.",
        console=r"BUG: KASAN: (slab-)?use-after-free in kf_touch",
        within_s=20,
    ),
    truth=Truth(
        kinds=("kasan",),
        mechanism=(
            "kasan_report() in mm/kasan/report.c, called by the check that the compiler put before the access "
            "in kf_touch() of the module kernward_faults."
        ),
    ),
)
