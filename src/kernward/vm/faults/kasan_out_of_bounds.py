"""An access past an object, and KASAN sees it."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="kasan-out-of-bounds",
    title="an access past an object, and KASAN sees it",
    doc=(
        "A driver reads or writes past the end of an object in a slab, on the stack or among the global "
        "variables. A kernel with KASAN notices at the very access."
    ),
    group="crash",
    parameters=(
        Parameter("where", "slab", "", "where the object is", choices=("slab", "stack", "global")),
        Parameter(
            "access", "read", "", "what is done (the stack and globals are read)", choices=("read", "write")
        ),
        Parameter("beyond", 1, "bytes", "how far past the last byte", least=1, most=4),
    ),
    needs=Needs(lab=True, config={"CONFIG_KASAN": "y"}),
    inject='echo "kasan-out-of-bounds where=$where access=$access beyond=$beyond" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The report names the access and its place.",
        console=r"BUG: KASAN: (slab|stack|global)-out-of-bounds in kf_touch",
        within_s=20,
    ),
    truth=Truth(
        kinds=("kasan",),
        mechanism=(
            "kasan_report() in mm/kasan/report.c, called by the check that the compiler put before the access "
            "in kf_touch(), for kf_touch_past_$where() of the module kernward_faults."
        ),
    ),
)
