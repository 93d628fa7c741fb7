"""The tables of neighbours, ARP's for IPv4 and NDISC's for IPv6: entries, limits, and what did not fit.

/proc/net/stat/arp_cache and ndisc_cache, and gc_thresh1 to 3 of /proc/sys/net/ipv4/neigh/default and
ipv6. The limits are those of the whole machine, whichever network namespace the entries belong to.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.cpu_tables import table
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_CORE = "net/core/neighbour.c"
_SHOW = f"neigh_stat_seq_show() in {_CORE}"


class NeighbourTable(msgspec.Struct, frozen=True):
    """Of arp_cache or ndisc_cache."""

    entries: Annotated[int | None, gauge("neighbours", "in the table now", _SHOW)] = None
    most: Annotated[
        int | None, gauge("neighbours", "may be in it (gc_thresh3)", f"neigh_alloc() in {_CORE}")
    ] = None
    collected_above: Annotated[
        int | None,
        gauge(
            "neighbours",
            "beyond these, unused ones of 5 s are thrown out (gc_thresh2)",
            f"neigh_alloc() in {_CORE}",
        ),
    ] = None
    allocations: Annotated[int | None, counter("neighbours", "made", _SHOW, bits=32)] = None
    overflows: Annotated[
        int | None,
        counter(
            "",
            "times a neighbour did not fit and nothing could be thrown out (since 4.20)",
            f"neigh_alloc() in {_CORE}",
            bits=32,
        ),
    ] = None
    forced_collections: Annotated[
        int | None,
        counter(
            "", "times neighbours had to be thrown out at once", f"neigh_forced_gc() in {_CORE}", bits=32
        ),
    ] = None
    unresolved_discards: Annotated[
        int | None,
        counter("packets", "dropped while their neighbour was being asked for", _SHOW, bits=32),
    ] = None
    resolution_failures: Annotated[
        int | None, counter("", "neighbours that did not answer", _SHOW, bits=32)
    ] = None


_TABLES = {"arp_cache": "ipv4", "ndisc_cache": "ipv6"}
_NAMES = {
    "entries": "entries",
    "allocs": "allocations",
    "table_fulls": "overflows",
    "forced_gc_runs": "forced_collections",
    "unresolved_discards": "unresolved_discards",
    "res_failed": "resolution_failures",
}


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, NeighbourTable]:
    """arp_cache and ndisc_cache."""
    found: dict[str, NeighbourTable] = {}
    reason = ""
    for name, protocol in _TABLES.items():
        if wanted is not None and name not in wanted:
            continue
        try:
            counted = table(root, f"/proc/net/stat/{name}", _NAMES, frozenset({"entries"}))
        except Unavailable as error:
            reason = error.reason
            continue
        limits = f"/proc/sys/net/{protocol}/neigh/default/gc_thresh"
        found[name] = NeighbourTable(
            most=root.number(f"{limits}3"), collected_above=root.number(f"{limits}2"), **counted
        )
    if not found and wanted is None:
        raise Unavailable("/proc/net/stat/arp_cache", reason)
    return found


SOURCE = EntitySource(
    name="neighbour_tables",
    doc="The tables of neighbours (ARP, NDISC): entries, limits, and what did not fit.",
    files=("/proc/net/stat/arp_cache", "/proc/sys/net/ipv4/neigh/default/gc_thresh3"),
    record=NeighbourTable,
    read=read,
    scope="other",
)
