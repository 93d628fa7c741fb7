"""A driver destroys a slab cache of which objects are still in use."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="slab-not-empty",
    title="a slab cache is destroyed while objects are in use",
    doc="A driver that is on its way out destroys its slab cache, and has not given back all objects.",
    group="crash",
    parameters=(Parameter("objects", 1, "", "how many are still in use", least=1, most=1000),),
    needs=Needs(lab=True),
    inject='echo "slab-not-empty objects=$objects" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The allocator lists what is left.",
        console=r"BUG kf_session .*: Objects remaining (in kf_session )?on __kmem_cache_shutdown\(\)",
        within_s=20,
    ),
    truth=Truth(
        kinds=("slab-not-empty",),
        mechanism=(
            "kmem_cache_destroy() in mm/slab_common.c and list_slab_objects() in mm/slub.c, called by "
            "kf_destroy_cache() of the module kernward_faults."
        ),
    ),
)
