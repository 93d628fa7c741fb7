"""A driver counts references wrongly."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="refcount",
    title="a reference count that is wrong",
    doc=(
        "A driver puts a reference once too often (underflow), drops the last one with a function for those who "
        "are not the last (leak), takes one of an object that has none left (use-after-free), or takes so many "
        "that the counter would wrap (overflow). The counter is saturated, which leaks the object but keeps it "
        "from being freed under its users."
    ),
    group="crash",
    parameters=(
        Parameter(
            "event",
            "underflow",
            "",
            "what goes wrong",
            choices=("underflow", "leak", "use-after-free", "overflow"),
        ),
    ),
    needs=Needs(lab=True),
    inject='echo "refcount event=$event" > /proc/kernward_faults',
    symptom=Symptom(
        doc="A warning that says what is wrong with the count.",
        console=r"refcount_t: (underflow|decrement hit 0|addition on 0|saturated)",
    ),
    truth=Truth(
        kinds=("warning-refcount",),
        mechanism=(
            "refcount_warn_saturate() in lib/refcount.c, called in kf_put_underflow(), kf_put_last(), "
            "kf_get_released() or kf_get_overflow() of the module kernward_faults."
        ),
    ),
)
