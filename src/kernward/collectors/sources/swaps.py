"""/proc/swaps: the swap areas and how full they are."""

import re
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource

_SHOW = "swap_show() in mm/swapfile.c"
_LINE = re.compile(
    rb"^(\S{1,4096})\s+(partition|file)\s+(\d{1,20})\s+(\d{1,20})\s+(-?\d{1,6})$", re.MULTILINE
)
_ESCAPED = re.compile(rb"\\([0-7]{3})")


class Swap(msgspec.Struct, frozen=True):
    """`/dev/vdb  partition  4194300  81220  -2`"""

    kind: Annotated[str | None, fact("partition or file", _SHOW)] = None
    size_bytes: Annotated[int | None, gauge("bytes", "what it holds", _SHOW)] = None
    used_bytes: Annotated[int | None, gauge("bytes", "what of it is used", _SHOW)] = None
    priority: Annotated[int | None, gauge("", "the highest is used first", _SHOW)] = None


def read(root: Root, wanted: Collection[str] | None) -> dict[str, Swap]:
    """The swap areas by their file's name; none where there is no swap."""
    found: dict[str, Swap] = {}
    for raw, kind, size, used, priority in _LINE.findall(root.read("/proc/swaps", 1 << 20)):
        name = _ESCAPED.sub(_plain, raw).decode("utf-8", "surrogateescape")
        if wanted is None or name in wanted:
            found[name] = Swap(kind.decode(), int(size) << 10, int(used) << 10, int(priority))
    return found


def _plain(escape: "re.Match[bytes]") -> bytes:
    return bytes([int(escape[1], 8) & 0xFF])


SOURCE = EntitySource(
    name="swaps",
    doc="Swap areas: device or file, size, use.",
    files=("/proc/swaps",),
    record=Swap,
    read=read,
    scope="other",
)
