"""A slab cache was destroyed while objects of it were still in use."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="slab-not-empty",
    title="kmem_cache_destroy: slab cache still has objects",
    class_="crash",
    severity="warning",
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
        "[ 3695.368118] =============================================================================\n"
        "[ 3695.368133] BUG acme_request (Tainted: G           OE     ): Objects remaining in "
        "acme_request on __kmem_cache_shutdown()\n"
        "[ 3695.368151] -----------------------------------------------------------------------------\n"
        "[ 3695.368157]\n"
        "[ 3695.368173] Slab 0x00000000aa12bb34 objects=21 used=1 fp=0x00000000ee12ff34 "
        "flags=0x17ffffc0000200(slab|node=0|zone=2)\n"
        "[ 3695.368181] CPU: 1 PID: 7508 Comm: rmmod Tainted: G           OE      6.1.0-28-amd64 #1  "
        "Debian 6.1.119-1\n"
        "[ 3695.368207] Call Trace:\n"
        "[ 3695.368222]  <TASK>\n"
        "[ 3695.368232]  dump_stack_lvl+0x384/0x700\n"
        "[ 3695.368250]  slab_err+0x524/0x690\n"
        "[ 3695.368255]  __kmem_cache_shutdown.cold+0x1d9/0x420\n"
        "[ 3695.368267]  kmem_cache_destroy+0x24/0x1a0\n"
        "[ 3695.368284]  acme_exit+0x837/0xbd0 [acme]\n"
        "[ 3695.368299]  __do_sys_delete_module.constprop.0+0x1c/0x4a0\n"
        "[ 3695.368369]  </TASK>\n"
        "[ 3695.368378] Object 0x00000000c1d2a374 @offset=1024\n"
        "[ 3695.368398] kmem_cache_destroy acme_request: Slab cache still has objects when called "
        "from acme_exit+0x10/0x5e0 [acme]"
    ),
    near_miss="[  900.112011] kmem_cache of slab: cache still has objects",
)
