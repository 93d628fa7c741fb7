"""A driver writes past the end of an object of a slab cache."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="slab-redzone",
    title="an object of a slab cache is written past its end",
    doc=(
        "A driver writes a few bytes past the end of an object. With slub_debug for its cache there is a red "
        "zone behind each object, and the damage shows when the object is freed."
    ),
    group="crash",
    parameters=(Parameter("bytes", 4, "bytes", "how many bytes past the end", least=1, most=8),),
    # KASAN would be first.
    needs=Needs(
        lab=True,
        append=("slub_debug=FZPU,kf_request",),
        config={"CONFIG_SLUB_DEBUG": "y", "CONFIG_KASAN": ""},
    ),
    inject='echo "slab-redzone bytes=$bytes" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The allocator finds the red zone overwritten.",
        # 6.12.y: the detail stands in the line before.
        console=r"BUG kf_request .*: (Right Redzone overwritten|Object corrupt)",
    ),
    truth=Truth(
        kinds=("slab-corruption",),
        mechanism=(
            "check_object() and check_bytes_and_report() in mm/slub.c, when the object is freed; the write is in "
            "kf_write_past_object() of the module kernward_faults."
        ),
    ),
)
