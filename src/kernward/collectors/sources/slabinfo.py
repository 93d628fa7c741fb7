"""/proc/slabinfo: how much memory each cache of kernel objects holds. Only root may read it."""

import re
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "cache_show() in mm/slab_common.c"
# Names may hold spaces and brackets; what follows is numbers.
_LINE = re.compile(
    rb"^([^#\s].{0,255}?) +(\d{1,20}) +(\d{1,20}) +(\d{1,20}) +\d{1,20} +\d{1,20} : tunables ", re.MULTILINE
)


class Slab(msgspec.Struct, frozen=True):
    """`kmalloc-512  2240  2240  512  16  2 : tunables 0 0 0 : slabdata 140 140 0`"""

    active_objects: Annotated[
        int | None, gauge("", "objects in use; SLUB counts those that CPUs keep ready as well", _SHOW)
    ] = None
    objects: Annotated[int | None, gauge("", "objects there is room for", _SHOW)] = None
    object_bytes: Annotated[int | None, gauge("bytes", "the size of one", _SHOW)] = None
    size_bytes: Annotated[int | None, gauge("bytes", "memory of the objects there is room for", _SHOW)] = None


def read(root: Root, wanted: Collection[str] | None) -> dict[str, Slab]:
    """The caches that hold memory, by name; caches of one name are added up."""
    path = "/proc/slabinfo"
    data = root.read(path)
    if not data.startswith(b"slabinfo"):
        raise Unavailable(path, "it does not begin with 'slabinfo - version'")
    found: dict[str, Slab] = {}
    for raw, active, objects, size in _LINE.findall(data):
        name = raw.decode("utf-8", "surrogateescape")
        if objects == b"0" or wanted is not None and name not in wanted:
            continue
        before = found.get(name, Slab(0, 0, 0, 0))
        found[name] = Slab(
            active_objects=int(active) + (before.active_objects or 0),
            objects=int(objects) + (before.objects or 0),
            object_bytes=int(size),
            size_bytes=int(objects) * int(size) + (before.size_bytes or 0),
        )
    return found


SOURCE = EntitySource(
    name="slabinfo",
    doc="Caches of kernel objects: how many, how large.",
    files=("/proc/slabinfo",),
    record=Slab,
    read=read,
    scope="other",
    when="check",
)
