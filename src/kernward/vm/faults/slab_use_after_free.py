"""A driver writes into an object of a slab cache that it has freed."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="slab-use-after-free",
    title="an object of a slab cache is written after it was freed",
    doc=(
        "A driver writes one byte into an object that it has freed. With slub_debug for its cache, free objects "
        "are filled with a pattern, and the damage shows when the object is handed out again: the report is "
        "late, but it names who allocated and who freed it."
    ),
    group="crash",
    parameters=(
        # The allocator's own pointer to the next free object lies in the middle, and is not checked.
        Parameter("offset", 16, "bytes", "where in the object it is written", least=0, most=95),
    ),
    # KASAN would be first.
    needs=Needs(
        lab=True,
        append=("slub_debug=FZPU,kf_request",),
        config={"CONFIG_SLUB_DEBUG": "y", "CONFIG_KASAN": ""},
    ),
    inject='echo "slab-use-after-free offset=$offset" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The allocator finds the pattern overwritten.",
        # 6.12.y: the detail stands in the line before.
        console=r"BUG kf_request .*: (Poison overwritten|Object corrupt)",
    ),
    truth=Truth(
        kinds=("slab-corruption",),
        mechanism=(
            "check_object() and check_bytes_and_report() in mm/slub.c, when the object is taken again; the write "
            "is in kf_write_after_free() of the module kernward_faults."
        ),
    ),
)
