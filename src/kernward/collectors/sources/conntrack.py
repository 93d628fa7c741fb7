"""Tracked connections: how many, how many there may be, and the packets dropped because there were too many.

/proc/sys/net/netfilter/nf_conntrack_count and nf_conntrack_max, and /proc/net/stat/nf_conntrack. They are
absent where no rule of the firewall needs connection tracking and its module is not loaded.
"""

from typing import Annotated

import msgspec

from kernward.collectors.cpu_tables import table
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_STAT = "/proc/net/stat/nf_conntrack"
_SYSCTL = "/proc/sys/net/netfilter/"
_CORE = "net/netfilter/nf_conntrack_core.c"


class Conntrack(msgspec.Struct, frozen=True):
    """Connection tracking of this network namespace."""

    entries: Annotated[int | None, gauge("connections", "tracked now", "nf_conntrack_count (sysctl)")] = None
    most: Annotated[int | None, gauge("connections", "may be tracked", "nf_conntrack_max (sysctl)")] = None
    buckets: Annotated[int | None, gauge("", "hash buckets", "nf_conntrack_buckets (sysctl)")] = None
    dropped: Annotated[
        int | None,
        counter(
            "packets",
            "dropped: a new connection could not be tracked",
            f"nf_conntrack_in() in {_CORE}",
            bits=32,
        ),
    ] = None
    early_dropped: Annotated[
        int | None,
        counter(
            "connections",
            "thrown out unanswered to make room in a full table",
            f"early_drop() in {_CORE}",
            bits=32,
        ),
    ] = None
    insert_failed: Annotated[
        int | None,
        counter("", "entries that clashed with another one", f"__nf_conntrack_confirm() in {_CORE}", bits=32),
    ] = None
    invalid: Annotated[
        int | None,
        counter("packets", "that fit no connection", f"nf_conntrack_in() in {_CORE}", bits=32),
    ] = None


_NAMES = {
    "drop": "dropped",
    "early_drop": "early_dropped",
    "insert_failed": "insert_failed",
    "invalid": "invalid",
}


def read(root: Root) -> Conntrack:
    """The state of connection tracking."""
    entries = root.number(f"{_SYSCTL}nf_conntrack_count")
    most = root.number(f"{_SYSCTL}nf_conntrack_max")
    if entries is None and most is None:
        raise Unavailable(f"{_SYSCTL}nf_conntrack_count", "connections are not tracked here")
    try:
        counted = table(root, _STAT, _NAMES, frozenset())
    except Unavailable as error:
        root.missing[_STAT] = error.reason
        counted = {}
    return Conntrack(
        entries=entries, most=most, buckets=root.number(f"{_SYSCTL}nf_conntrack_buckets"), **counted
    )


_FILES = {
    "most": f"{_SYSCTL}nf_conntrack_max",
    "buckets": f"{_SYSCTL}nf_conntrack_buckets",
    **dict.fromkeys(("dropped", "early_dropped", "insert_failed", "invalid"), _STAT),
}

SOURCE = Source(
    name="conntrack",
    doc="Tracked connections, how many there may be, and what was dropped because there were too many.",
    files=(f"{_SYSCTL}nf_conntrack_count", f"{_SYSCTL}nf_conntrack_max", _STAT),
    record=Conntrack,
    read=read,
    file_of=_FILES.get,
)
