"""/proc/buddyinfo: how many free blocks of each size a zone has."""

import re
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "frag_show_print() in mm/vmstat.c"
_LINE = re.compile(rb"^Node +(\d{1,5}), +zone +(\w{1,16}) +(\d[\d ]{0,400})$", re.MULTILINE)


class Buddyinfo(msgspec.Struct, frozen=True):
    """`Node 0, zone   Normal   5613  13315   4305   1388    697 …`"""

    free_blocks: Annotated[
        tuple[int, ...] | None, gauge("", "free blocks of 2^0, 2^1, 2^2, … pages", _SHOW)
    ] = None

    def free_pages(self, order: int = 0) -> int:
        """Free pages that lie in blocks of at least 2^order pages."""
        return sum(count << at for at, count in enumerate(self.free_blocks or ()) if at >= order)


def read(root: Root, wanted: Collection[str] | None) -> dict[str, Buddyinfo]:
    """The free blocks of each zone, by "node/zone": "0/Normal"."""
    path = "/proc/buddyinfo"
    found: dict[str, Buddyinfo] = {}
    for node, zone, counts in _LINE.findall(root.read(path, 1 << 20)):
        name = f"{int(node)}/{zone.decode()}"
        if wanted is None or name in wanted:
            found[name] = Buddyinfo(tuple(map(int, counts.split())))
    if not found and wanted is None:
        raise Unavailable(path, "it has no line 'Node 0, zone Normal …'")
    return found


SOURCE = EntitySource(
    name="buddyinfo",
    doc="Free blocks of each size, for each zone of each node.",
    files=("/proc/buddyinfo",),
    record=Buddyinfo,
    read=read,
    scope="other",
)
