"""SLUB found its objects or their surroundings damaged."""

import re

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_INSTANCE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b")


def read(reading: Reading) -> None:
    """Addresses in the text are of this instance only."""
    what = _INSTANCE.sub("ADDR", reading.fields["what"].strip())
    reading.fields["what"] = what
    if what.startswith("Object already free"):
        reading.title = "BUG: Object already free"


KIND = Kind(
    id="slab-corruption",
    title="BUG {cache}: {what}",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="(Not tainted): ",
            regex=(
                r"BUG:? (?P<cache>[\w.:-]{1,64}) \((?P<taint>Not tainted *)\): (?P<what>(?!Objects"
                r" remaining)[^\n]{3,120})"
            ),
            printed=("BUG %s (%s): ",),
        ),
        Pattern(
            literal="(Tainted: ",
            regex=(
                r"BUG:? (?P<cache>[\w.:-]{1,64}) \((?P<taint>Tainted: [^)]{0,120})\): (?P<what>"
                r"(?!Objects remaining)[^\n]{3,120})"
            ),
            printed=("BUG %s (%s): ",),
        ),
    ),
    fields=(
        Field("cache", "str", "the slab cache"),
        Field("taint", "str", "taint of the kernel then"),
        Field("what", "str", "what was found"),
    ),
    key=(
        "cache",
        "what",
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "slab-track",
        "slab-corruption",
        "warning",
    ),
    read=read,
    printed_by=(
        "mm/slub.c:slab_bug",
        "mm/slub.c:object_err",
    ),
    meaning=(
        "With slub_debug, or in its cheap standing checks, the slab allocator looks at "
        "poison bytes, red zones and free lists. Something wrote beyond an object (Redzone "
        "overwritten), to a freed one (Poison overwritten), freed twice (Object already "
        "free), or freed a wild pointer. The dump that follows shows the bytes and, with U, "
        "who allocated and freed the object. The writer is usually not in the trace: damage "
        "is found later."
    ),
    next_steps=(
        ("Look at the damaged bytes: text, a pointer or a structure often tells who wrote them."),
        ("Boot with `slub_debug=FZPU,<cache>` to narrow it, or run a KASAN kernel to see the writer itself."),
        "One bit flipped: memory test, EDAC.",
    ),
    confused_with=(
        "kasan: reports the bad write itself.",
        "slab-not-empty: objects were left over when a cache was destroyed.",
    ),
    example=(
        "[ 1021.330011] BUG kmalloc-64 (Tainted: G           OE     ): Redzone overwritten\n"
        "[ 1021.330018] -----------------------------------------------------------------------------"
    ),
    near_miss="[ 1021.330011] CPU: 1 PID: 77 Comm: BUG kmalloc-64 (Not tainted): x",
)
