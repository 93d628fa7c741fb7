"""kmemleak found memory to which no pointer leads any more."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading
from kernward.events.report import parse


def read(reading: Reading) -> None:
    """Frames carry the reporter's name, too; what only hands out memory is not the owner of the leak."""
    reading.machinery.append(
        (
            r"\w*(?:alloc|kmem|slab|mmap|create_object|idr_get|list_lru_init|asprintf|pcpu_create|"
            r"strn?dup|memdup)\w*",
            "allocates for its caller",
        )
    )
    # The report was parsed with the prefix, which hides the frames.
    reading.parts = parse([text.removeprefix("kmemleak: ") for text in reading.texts])


KIND = Kind(
    id="kmemleak",
    title="memory leak in {function}",
    title_without_function="memory leak in corrupted",
    class_="crash",
    severity="warning",
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
        "[ 7251.279385] kmemleak: unreferenced object 0xffff888113054c00 (size 256):\n"
        '[ 7251.279400] kmemleak:   comm "ip", pid 1204, jiffies 4294912345\n'
        "[ 7251.279416] kmemleak:   hex dump (first 32 bytes):\n"
        "[ 7251.279420] kmemleak:     00 00 00 00 00 00 00 00 c0 5a 1b 0a 81 88 ff ff  "
        ".........Z......\n"
        "[ 7251.279430] kmemleak:   backtrace (crc 8a2f1c3d):\n"
        "[ 7251.279443] kmemleak:     kmalloc_trace+0x428/0x510\n"
        "[ 7251.279456] kmemleak:     vxlan_fdb_alloc+0x159/0x400 [vxlan]\n"
        "[ 7251.279469] kmemleak:     vxlan_fdb_create+0x3c4/0x4b0 [vxlan]\n"
        "[ 7251.279481] kmemleak:     vxlan_fdb_update+0x472/0x780 [vxlan]\n"
        "[ 7251.279501] kmemleak:     rtnl_fdb_add+0x44/0x50\n"
        "[ 7251.279517] kmemleak:     rtnetlink_rcv_msg+0x87d/0xca0"
    ),
    near_miss=(
        "[    1.200345] kmemleak: Kernel memory leak detector initialized (mem pool available: 15722)"
    ),
)
