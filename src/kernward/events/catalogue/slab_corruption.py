"""SLUB found its objects or their surroundings damaged."""

import re

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_INSTANCE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b")


_DUMPED = re.compile(r"(Redzone|Object) +(?:0x)?[0-9a-f]{8,16}: ((?:[0-9a-f]{2} ){1,16})")
# What a red zone consists of while its object is free, and in use (include/linux/poison.h).
_RED = ({"bb"}, {"cc"})
_FREE = {"6b", "a5"}


def read(reading: Reading) -> None:
    """Addresses in the text are of this instance only."""
    what = _INSTANCE.sub("ADDR", reading.fields["what"].strip())
    if what == "Object corrupt":
        what = damage(reading.texts) or what
    reading.fields["what"] = what
    if what.startswith("Object already free"):
        reading.title = "BUG: Object already free"


def damage(texts: list[str]) -> str | None:
    """What is damaged, by the bytes that are shown; None when they do not tell.

    Kernels that print "Object corrupt" say so in a line before the report.
    """
    free = written = False
    for text in texts:
        dumped = _DUMPED.match(text)
        if dumped is None:
            continue
        found = set(dumped[2].split())
        if dumped[1] == "Object":
            written = written or not found <= _FREE
        elif found not in _RED:
            return "Redzone overwritten"
        else:
            free = found == _RED[0]
    return "Poison overwritten" if free and written else None


KIND = Kind(
    id="slab-corruption",
    title="BUG {cache}: {what}",
    class_="crash",
    severity="error",
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
    absorbs=("slab-track", "warning"),
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
        "[ 4473.323994] =============================================================================\n"
        "[ 4473.324004] BUG kmalloc-64 (Tainted: G           OE     ): Redzone overwritten\n"
        "[ 4473.324019] -----------------------------------------------------------------------------\n"
        "[ 4473.324022]\n"
        "[ 4473.324036] 0x00000000c1d2a3b4-0x00000000a6f1d0c2 @offset=1088. First byte 0x0 instead "
        "of 0xcc\n"
        "[ 4473.324051] Allocated in acme_queue_setup+0x3f/0x90 [acme] age=1201 cpu=2 pid=812\n"
        "[ 4473.324057]  __kmem_cache_alloc_node+0x162/0x490\n"
        "[ 4473.324068]  __kmalloc+0xcf/0x720\n"
        "[ 4473.324083]  acme_queue_setup+0x3f3/0xd70 [acme]\n"
        "[ 4473.324088]  acme_probe+0x88a/0xb90 [acme]\n"
        "[ 4473.324102]  local_pci_probe+0x2c8/0x3b0\n"
        "[ 4473.324114] Slab 0x00000000aa12bb34 objects=32 used=31 fp=0x00000000ee12ff34 "
        "flags=0x17ffffc0000200(slab|node=0|zone=2|lastcpupid=0x1fffff)\n"
        "[ 4473.324133] Object 0x00000000c1d2a374 @offset=1024 fp=0x0000000000000000\n"
        "[ 4473.324150]\n"
        "[ 4473.324159] Redzone  00000000c1d2a334: cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc  "
        "................\n"
        "[ 4473.324169] Object   00000000c1d2a374: 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b a5  "
        "kkkkkkkkkkkkkkk.\n"
        "[ 4473.324186] Redzone  00000000c1d2a3b4: 00 00 00 00 cc cc cc cc                          "
        "........\n"
        "[ 4473.324195] CPU: 0 PID: 4684 Comm: kworker/2:1 Tainted: G    B      OE      "
        "6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 4473.324217] Call Trace:\n"
        "[ 4473.324235]  <TASK>\n"
        "[ 4473.324250]  dump_stack_lvl+0x1e/0x240\n"
        "[ 4473.324259]  check_bytes_and_report.cold+0xe8/0x200\n"
        "[ 4473.324276]  check_object+0x9c/0x500\n"
        "[ 4473.324291]  free_debug_processing+0xa4/0x490\n"
        "[ 4473.324300]  __slab_free+0xaeb/0xbd0\n"
        "[ 4473.324308]  acme_queue_release+0xb98/0xd90 [acme]\n"
        "[ 4473.324372]  </TASK>\n"
        "[ 4473.324389] FIX kmalloc-64: Restoring Redzone 0x00000000c1d2a3b4-0x00000000a6f1d0c2=0xcc"
    ),
    near_miss="[ 1021.330011] CPU: 1 PID: 77 Comm: BUG kmalloc-64 (Not tainted): x",
)
