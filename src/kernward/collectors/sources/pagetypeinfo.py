"""/proc/pagetypeinfo: of which kind free blocks are: those beside pages that can be moved, and the others.

Only root may read it, and the kernel counts blocks under the zone's lock for it, so it is read when a test
asks for it and not otherwise.
"""

import re
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "pagetypeinfo_showfree_print() in mm/vmstat.c"
_LINE = re.compile(
    rb"^Node +(\d{1,5}), zone +(\w{1,16}), type +(Unmovable|Movable|Reclaimable) +([\d> ]{1,400}?) *$",
    re.MULTILINE,
)
_FIELDS = {
    b"Unmovable": "unmovable_blocks",
    b"Movable": "movable_blocks",
    b"Reclaimable": "reclaimable_blocks",
}


class Pagetypes(msgspec.Struct, frozen=True):
    """`Node 0, zone Normal, type Unmovable  879  2412  1899 …`; counts end at 100000."""

    unmovable_blocks: Annotated[
        tuple[int, ...] | None,
        gauge("", "free blocks of 2^0, 2^1, … pages among pages of the kernel that cannot be moved", _SHOW),
    ] = None
    movable_blocks: Annotated[
        tuple[int, ...] | None, gauge("", "the same among pages that compaction can move", _SHOW)
    ] = None
    reclaimable_blocks: Annotated[
        tuple[int, ...] | None, gauge("", "the same among kernel objects that can be reclaimed", _SHOW)
    ] = None


def pages_below(blocks: tuple[int, ...] | None, order: int) -> int:
    """Pages in blocks of less than 2^order pages."""
    return sum(count << at for at, count in enumerate(blocks or ()) if at < order)


def read(root: Root, wanted: Collection[str] | None) -> dict[str, Pagetypes]:
    """The free blocks of each zone by kind, by "node/zone": "0/Normal"."""
    path = "/proc/pagetypeinfo"
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for node, zone, kind, counts in _LINE.findall(root.read(path, 1 << 22)):
        name = f"{int(node)}/{zone.decode()}"
        numbers = [each.lstrip(b">") for each in counts.split()]
        if (wanted is None or name in wanted) and all(each.isdigit() for each in numbers):
            found.setdefault(name, {})[_FIELDS[kind]] = tuple(map(int, numbers))
    if not found and wanted is None:
        raise Unavailable(path, "it has no line 'Node 0, zone Normal, type Unmovable …'")
    return {name: Pagetypes(**blocks) for name, blocks in found.items()}


SOURCE = EntitySource(
    name="pagetypeinfo",
    doc="Free blocks of each zone by whether the pages around them can be moved.",
    files=("/proc/pagetypeinfo",),
    record=Pagetypes,
    read=read,
    scope="other",
    when="asked",
)
