"""/sys/devices/system/node: memory of each NUMA node, and whether pages came from where they were wanted."""

import re
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.pairs import kilobytes, pairs
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "node_read_meminfo() in drivers/base/node.c"
_STATS = "zone_statistics() in mm/page_alloc.c"
_FOLDER = "/sys/devices/system/node"
_NAME = re.compile(r"node\d{1,5}")


class Node(msgspec.Struct, frozen=True):
    """The node's meminfo and numastat."""

    total_bytes: Annotated[int | None, gauge("bytes", "memory of the node", _SHOW)] = None
    free_bytes: Annotated[int | None, gauge("bytes", "what of it nobody uses", _SHOW)] = None
    file_bytes: Annotated[int | None, gauge("bytes", "page cache", _SHOW)] = None
    anon_bytes: Annotated[int | None, gauge("bytes", "anonymous memory that is mapped", _SHOW)] = None
    slab_unreclaimable_bytes: Annotated[int | None, gauge("bytes", "slab that cannot shrink", _SHOW)] = None
    numa_hit_pages: Annotated[int | None, counter("pages", "pages from here, as was wanted", _STATS)] = None
    numa_miss_pages: Annotated[
        int | None, counter("pages", "pages from here that were wanted of another node", _STATS)
    ] = None
    numa_foreign_pages: Annotated[
        int | None, counter("pages", "pages wanted from here that another node gave", _STATS)
    ] = None
    local_node_pages: Annotated[
        int | None, counter("pages", "pages from here for a CPU of this node", _STATS)
    ] = None
    other_node_pages: Annotated[
        int | None, counter("pages", "pages from here for a CPU of another node", _STATS)
    ] = None
    cpus: Annotated[
        str | None,
        fact('its CPUs, as "0-15,32-47"; "" where it has none', "cpulist_read() in drivers/base/node.c"),
    ] = None


def read(root: Root, wanted: Collection[str] | None) -> dict[str, Node]:
    """The nodes by name: node0, node1."""
    found: dict[str, Node] = {}
    for name in sorted(root.names(_FOLDER), key=lambda name: (len(name), name)):
        if not _NAME.fullmatch(name) or wanted is not None and name not in wanted:
            continue
        folder = f"{_FOLDER}/{name}"
        memory = kilobytes(root.read_or_none(f"{folder}/meminfo", 1 << 16) or b"")
        pages = pairs(root.read_or_none(f"{folder}/numastat", 1 << 12) or b"")
        if not memory and not pages:
            continue
        found[name] = Node(
            total_bytes=memory.get(b"MemTotal"),
            free_bytes=memory.get(b"MemFree"),
            file_bytes=memory.get(b"FilePages"),
            anon_bytes=memory.get(b"AnonPages"),
            slab_unreclaimable_bytes=memory.get(b"SUnreclaim"),
            numa_hit_pages=pages.get(b"numa_hit"),
            numa_miss_pages=pages.get(b"numa_miss"),
            numa_foreign_pages=pages.get(b"numa_foreign"),
            local_node_pages=pages.get(b"local_node"),
            other_node_pages=pages.get(b"other_node"),
            cpus=root.text(f"{folder}/cpulist"),
        )
    if not found and wanted is None:
        raise Unavailable(_FOLDER, "there is no node with memory figures in it")
    return found


SOURCE = EntitySource(
    name="node",
    doc="NUMA nodes: memory, and where pages came from.",
    files=(f"{_FOLDER}/nodeN/meminfo", f"{_FOLDER}/nodeN/numastat"),
    record=Node,
    read=read,
    scope="node",
    when="check",
)
