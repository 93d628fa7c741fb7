"""An index past the end of an array."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="ubsan-bounds",
    title="an index past the end of an array",
    doc=(
        "A driver reads an array of 8 entries with an index that was never checked. A kernel with UBSAN says "
        "so."
    ),
    group="crash",
    parameters=(Parameter("index", 9, "", "the index", least=8, most=100),),
    needs=Needs(lab=True, config={"CONFIG_UBSAN_BOUNDS": "y"}),
    inject='echo "ubsan-bounds index=$index" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The report names the access and its place.",
        console=r"UBSAN: array-index-out-of-bounds in \S*objects\.c",
        within_s=20,
    ),
    truth=Truth(
        kinds=("ubsan",),
        mechanism=(
            "__ubsan_handle_out_of_bounds() in lib/ubsan.c, called by what the compiler put into "
            "kf_read_slot() of the module kernward_faults."
        ),
    ),
)
