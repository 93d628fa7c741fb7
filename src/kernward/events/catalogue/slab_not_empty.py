"""A slab cache was destroyed while objects of it were still in use."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="slab-not-empty",
    title="kmem_cache_destroy: slab cache still has objects",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="Slab cache still has objects",
            regex=(
                r"kmem_cache_destroy (?P<cache>[\w.:-]{1,64}): Slab cache still has objects(?: when"
                r" called from (?P<at_function>[\w.$]+))?"
            ),
            printed=("Slab cache still has objects",),
        ),
        Pattern(
            literal="Objects remaining",
            regex=r"BUG (?P<cache>[\w.:-]{1,64}) \([^)]{0,120}\): Objects remaining",
            printed=("Objects remaining ",),
        ),
    ),
    fields=(
        Field("cache", "str", "the slab cache"),
        Field("at_function", "str", "who destroyed it"),
    ),
    key=("cache",),
    extent=Extent.REPORT,
    absorbs=(
        "slab-corruption",
        "slab-track",
        "slab-not-empty",
        "warning",
    ),
    printed_by=(
        "mm/slab_common.c:kmem_cache_destroy",
        "mm/slub.c:list_slab_objects",
    ),
    meaning=(
        "A module or subsystem destroyed its slab cache, usually on unload, although objects "
        "from it had not been freed. They are leaked; if somebody still uses them, a later "
        "access may hit reused memory. The cache cannot be created again under this name "
        "until reboot."
    ),
    next_steps=(
        (
            "The cache's owner leaks: compare its allocations and frees, look at RCU callbacks "
            "still pending (rcu_barrier() before the destroy)."
        ),
        "Boot with `slub_debug=U,<cache>`: the report then lists who allocated the rest.",
    ),
    confused_with=("kmemleak: finds single leaked objects.",),
    example=(
        "[  900.112011] kmem_cache_destroy nf_conntrack_expect: Slab cache still has objects "
        "when called from nf_conntrack_expect_fini+0x15/0x20 [nf_conntrack]"
    ),
    near_miss="[  900.112011] kmem_cache of slab: cache still has objects",
)
