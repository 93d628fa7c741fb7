"""A driver copies more between user space and an object than the object holds."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="usercopy",
    title="a copy to user space of more than the object holds",
    doc=(
        "A driver trusts a length and copies more to a process (or from it) than its object of 64 bytes holds: "
        "other objects' contents would get out, or be overwritten. CONFIG_HARDENED_USERCOPY stops it."
    ),
    group="crash",
    parameters=(
        Parameter("direction", "to-user", "", "which way", choices=("to-user", "from-user")),
        Parameter("bytes", 32, "bytes", "how much more than the object holds", least=1, most=4000),
    ),
    needs=Needs(lab=True, config={"CONFIG_HARDENED_USERCOPY": "y"}),
    inject='echo "usercopy direction=$direction bytes=$bytes" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The kernel says which object was left, and stops with a BUG().",
        console=r"usercopy: Kernel memory (exposure|overwrite) attempt detected (from|to) SLUB object 'kmalloc",
    ),
    truth=Truth(
        kinds=("usercopy",),
        mechanism=(
            "usercopy_abort() in mm/usercopy.c, after __check_heap_object() in mm/slub.c; the copy is in "
            "kf_copy_out() or kf_copy_in() of the module kernward_faults."
        ),
    ),
)
