"""Destinations to which many local ports are taken: "local > remote:port", with how many of how many.

A connection needs a local port that no other connection from that address to that destination has, so that
ports run out for one destination at a time. Nothing counts this in the kernel: it is counted here, from the
sockets, and only where there are enough of them for it to matter.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors import tcp_diag
from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import net_limits, sockstat
from kernward.collectors.tcp_diag import Socket, address, place, sockets

_HASH = "__inet_hash_connect() in net/ipv4/inet_hashtables.c"


class TcpDestination(msgspec.Struct, frozen=True):
    """Of one local address and one remote address and port."""

    ports_taken: Annotated[
        int | None, gauge("ports", "of the range that connections to it, or other sockets, have", _HASH)
    ] = None
    ports: Annotated[
        int | None, gauge("ports", "in ip_local_port_range without the reserved ones", _HASH)
    ] = None
    in_time_wait: Annotated[int | None, gauge("ports", "of them kept by closed connections (TIME_WAIT)")] = (
        None
    )
    inodes: Annotated[str | None, fact("inodes of some of its sockets, by which their process is found")] = (
        None
    )


_CONNECTED = (
    tcp_diag.ESTABLISHED,
    tcp_diag.SYN_SENT,
    tcp_diag.FIN_WAIT_1,
    tcp_diag.FIN_WAIT_2,
    tcp_diag.TIME_WAIT,
    tcp_diag.CLOSE_WAIT,
    tcp_diag.LAST_ACK,
    tcp_diag.CLOSING,
)
# Below this part of the range no destination is near its end.
WORTH_COUNTING = 0.5
_INODES = 16


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, TcpDestination]:
    """The destinations to which at least half of the ports are taken; most often none."""
    limits = net_limits.read(root)
    first, last = limits.first_local_port, limits.last_local_port
    if first is None or last is None or last < first:
        raise Unavailable("/proc/sys/net/ipv4/ip_local_port_range", "it holds no two numbers")
    ports = last - first + 1 - (limits.reserved_local_ports or 0)
    if sockstat.tcp_sockets(root, closed=True) < WORTH_COUNTING * ports:
        return {}
    destinations: dict[tuple[bytes, bytes, int], list[Socket]] = defaultdict(list)
    listening: set[int] = set()
    for each in sockets(root, (*_CONNECTED, tcp_diag.LISTEN)):
        if not first <= each.local_port <= last:
            continue
        if each.state == tcp_diag.LISTEN:
            listening.add(each.local_port)
        else:
            destinations[each.local, each.remote, each.remote_port].append(each)
    found: dict[str, TcpDestination] = {}
    for (local, remote, port), connections in destinations.items():
        taken = listening | {each.local_port for each in connections}
        name = f"{address(local)} > {place(remote, port)}"
        if len(taken) < WORTH_COUNTING * ports or wanted is not None and name not in wanted:
            continue
        # The youngest have the largest inodes; who has many of them is who takes the ports.
        inodes = sorted({each.inode for each in connections} - {0}, reverse=True)
        found[name] = TcpDestination(
            ports_taken=len(taken),
            ports=ports,
            in_time_wait=sum(each.state == tcp_diag.TIME_WAIT for each in connections),
            inodes=",".join(map(str, inodes[:: max(1, len(inodes) // _INODES)][:_INODES])),
        )
    return found


SOURCE = EntitySource(
    name="tcp_destinations",
    doc="Destinations to which at least half of the local ports are taken.",
    files=("sock_diag", "/proc/net/tcp", "/proc/sys/net/ipv4/ip_local_port_range"),
    record=TcpDestination,
    read=read,
    scope="other",
    when="check",
)
