"""kmemleak found memory to which no pointer leads any more."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading
from kernward.events.report import parse


def read(reading: Reading) -> None:
    """Frames carry the reporter's name, too; what only hands out memory is not the owner of the leak."""
    reading.machinery.append(
        (
            r"\w*(?:alloc|kmem|slab|mmap|create_object|idr_get|list_lru_init|k\w*asprintf|pcpu_create|strn?dup|memdup)\w*",
            "allocates for its caller",
        )
    )
    # The report was parsed with the prefix, which hides the frames.
    reading.__dict__["parts"] = parse([text.removeprefix("kmemleak: ") for text in reading.texts])


KIND = Kind(
    id="kmemleak",
    title="memory leak in {function}",
    title_without_function="memory leak in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        Pattern(
            literal="unreferenced object 0x",
            regex=r"(?:kmemleak: )?unreferenced object 0x[0-9a-f]{8,16} \(size (?P<size_bytes>\d+)\):",
            unprinted="CONFIG_DEBUG_KMEMLEAK is off in Debian's kernels",
        ),
        Pattern(
            literal="BUG: memory leak",
            regex=r"BUG: memory leak$",
            unprinted="written by fuzzers around kmemleak's report",
        ),
    ),
    fields=(Field("size_bytes", "int", "size of the object"),),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("kmemleak",),
    read=read,
    printed_by=("mm/kmemleak.c:print_unreferenced",),
    meaning=(
        "kmemleak scans memory for pointers to every allocated object. To this one none was "
        "found, so it can never be freed. The backtrace is that of the allocation. One "
        "object is harmless; the rate decides, and false alarms exist for pointers kept in "
        "unusual forms."
    ),
    next_steps=(
        ("The backtrace shows who allocated it: find the error or tear-down path that forgets to free."),
        "`echo scan > /sys/kernel/debug/kmemleak` twice: what stays is real.",
        "`slabtop` and /proc/slabinfo over time show whether the cache grows.",
    ),
    confused_with=("slab-not-empty: leaked objects found when their cache was destroyed.",),
    example=(
        "[  188.771120] kmemleak: unreferenced object 0xffff88810a1b2c00 (size 64):\n"
        '[  188.771128] kmemleak:   comm "modprobe", pid 1204, jiffies 4294912345'
    ),
    near_miss=(
        "[    1.200345] kmemleak: Kernel memory leak detector initialized (mem pool available: 15722)"
    ),
)
