"""A shift by more bits than there are."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="ubsan-shift",
    title="a shift by more bits than there are",
    doc=(
        "A driver shifts a number of 32 bits by a count that was never checked. The result is undefined in C; "
        "a kernel with UBSAN says so."
    ),
    group="crash",
    parameters=(Parameter("by", 40, "bits", "how far it is shifted", least=32, most=255),),
    needs=Needs(lab=True, config={"CONFIG_UBSAN_SHIFT": "y"}),
    inject='echo "ubsan-shift by=$by" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The report names the access and its place.",
        console=r"UBSAN: shift-out-of-bounds in \S*objects\.c",
        within_s=20,
    ),
    truth=Truth(
        kinds=("ubsan",),
        mechanism=(
            "__ubsan_handle_shift_out_of_bounds() in lib/ubsan.c, called by what the compiler put into "
            "kf_shift() of the module kernward_faults."
        ),
    ),
)
