"""XFS cannot get memory it may not fail to get, and keeps trying."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_WHERE = re.compile(r" in (?P<function>\w+) \(mode:")


def read(reading: Reading) -> None:
    """The allocating function stands in the message as a name; there is no stack to look at."""
    if where := _WHERE.search(reading.texts[0]):
        reading.function = where["function"]
        reading.function_reason = "named by the message"


KIND = Kind(
    id="xfs-allocation-deadlock",
    title="XFS: possible memory allocation deadlock in {function}",
    title_without_function="XFS: possible memory allocation deadlock",
    class_="resource",
    severity="warning",
    subsystem="xfs",
    patterns=(
        Pattern(
            literal="possible memory allocation deadlock",
            regex=(
                r"XFS: (?P<comm>.{1,24}?)\((?P<pid>\d+)\) possible memory allocation deadlock(?: size "
                r"(?P<size_bytes>\d+))? in \w+ \(mode:(?P<mode>0x[0-9a-f]+)\)"
            ),
            until="6.8",
            printed=("%s(%u) possible memory allocation deadlock size %u in %s (mode:0x%x)",),
        ),
    ),
    fields=(
        Field("comm", "str", "process that asks"),
        Field("pid", "int", "its id"),
        Field("size_bytes", "int", "size asked for, in bytes"),
        Field("mode", "hex", "GFP flags"),
    ),
    read=read,
    printed_by=("fs/xfs/kmem.c:kmem_alloc",),
    meaning=(
        "An allocation in XFS that must not fail has been refused a hundred times, and the task "
        "loops until it succeeds. With a large size the cause is fragmentation: a file with very "
        "many extents (a sparse VM image, a database log) keeps its extent list in one contiguous "
        "piece on older kernels. With a small size the machine is out of memory. Everything that "
        "waits for locks of this task stands still."
    ),
    next_steps=(
        "xfs_bmap -v FILE | wc -l for the large sparse files: over 100,000 extents is a lot",
        "cat /proc/buddyinfo and echo 1 > /proc/sys/vm/compact_memory for relief",
        (
            "Set an extent size hint (xfs_io -c 'extsize 1m') on the directory and rewrite the file; "
            "a newer kernel keeps extents in a btree"
        ),
    ),
    confused_with=("xfs-shutdown: nothing is shut down here; the task waits",),
    example=(
        "[88122.100410] XFS: qemu-system-x86(4120) possible memory allocation deadlock size "
        "262176 in kmem_alloc (mode:0x2400240)"
    ),
    near_miss=(
        "[88122.100410] XFS (dm-5): Per-AG reservation for AG 3 failed.  Filesystem may run out of space."
    ),
)
