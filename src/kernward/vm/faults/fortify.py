"""A driver copies more into a structure than it holds."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="fortify",
    title="memcpy() of more than its target holds",
    doc=(
        "A driver copies a name into an array that is too small. The size of the array is known to the "
        "compiler, so CONFIG_FORTIFY_SOURCE checks the length before it copies, and stops."
    ),
    group="crash",
    parameters=(Parameter("bytes", 32, "bytes", "how much more than fits", least=1, most=192),),
    needs=Needs(lab=True, config={"CONFIG_FORTIFY_SOURCE": "y"}),
    inject='echo "fortify bytes=$bytes" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The kernel names the operation, and stops with a BUG().",
        console=r"detected buffer overflow",
    ),
    truth=Truth(
        kinds=("fortify",),
        mechanism=(
            "fortify_panic() (6.12: __fortify_panic()) in lib/string_helpers.c, called by memcpy() of "
            "include/linux/fortify-string.h in kf_copy_name() of the module kernward_faults."
        ),
    ),
)
