"""A driver frees an object of a slab cache twice."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="slab-double-free",
    title="an object of a slab cache is freed twice",
    doc=(
        "A driver frees an object that it has freed before. With slub_debug for its cache the allocator knows "
        "who allocated and who freed it; without it the object would be handed out to two users later."
    ),
    group="crash",
    # KASAN would be first.
    needs=Needs(
        lab=True,
        append=("slub_debug=FZPU,kf_request",),
        config={"CONFIG_SLUB_DEBUG": "y", "CONFIG_KASAN": ""},
    ),
    inject="echo slab-double-free > /proc/kernward_faults",
    symptom=Symptom(
        doc="The allocator says that the object is free already.",
        console=r"BUG kf_request .*: Object already free",
    ),
    truth=Truth(
        kinds=("slab-corruption",),
        mechanism=(
            "free_debug_processing() and free_consistency_checks() in mm/slub.c; the second free is in "
            "kf_free_twice() of the module kernward_faults."
        ),
    ),
)
