"""/proc/net/snmp6: what IPv6 and UDP over it counted, of this network namespace. One "name value" a line."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_SHOW = "snmp6_seq_show_item() in net/ipv6/proc.c"


class Snmp6(msgspec.Struct, frozen=True):
    """`Udp6RcvbufErrors                	0`"""

    ip_received: Annotated[int | None, counter("packets", "IPv6 packets that came in", _SHOW)] = None
    ip_header_errors: Annotated[int | None, counter("packets", "came in with a bad header", _SHOW)] = None
    ip_in_discarded: Annotated[int | None, counter("packets", "came in whole and were dropped", _SHOW)] = None
    ip_sent: Annotated[int | None, counter("packets", "sent by this machine's sockets", _SHOW)] = None
    ip_out_discarded: Annotated[int | None, counter("packets", "to be sent and dropped", _SHOW)] = None
    ip_no_route: Annotated[int | None, counter("packets", "to be sent without a route", _SHOW)] = None
    udp_received: Annotated[int | None, counter("packets", "handed to a socket", _SHOW)] = None
    udp_no_port: Annotated[int | None, counter("packets", "for a port that nobody has", _SHOW)] = None
    udp_errors: Annotated[int | None, counter("packets", "not handed to their socket", _SHOW)] = None
    udp_sent: Annotated[int | None, counter("packets", "sent", _SHOW)] = None
    udp_receive_buffer_errors: Annotated[
        int | None, counter("packets", "dropped: the socket's buffer was full", _SHOW)
    ] = None
    udp_memory_errors: Annotated[
        int | None, counter("packets", "dropped: all of UDP holds more than udp_mem", _SHOW)
    ] = None


_NAMES = {
    b"Ip6InReceives": "ip_received",
    b"Ip6InHdrErrors": "ip_header_errors",
    b"Ip6InDiscards": "ip_in_discarded",
    b"Ip6OutRequests": "ip_sent",
    b"Ip6OutDiscards": "ip_out_discarded",
    b"Ip6OutNoRoutes": "ip_no_route",
    b"Udp6InDatagrams": "udp_received",
    b"Udp6NoPorts": "udp_no_port",
    b"Udp6InErrors": "udp_errors",
    b"Udp6OutDatagrams": "udp_sent",
    b"Udp6RcvbufErrors": "udp_receive_buffer_errors",
    b"Udp6MemErrors": "udp_memory_errors",
}
_PATH = "/proc/net/snmp6"


def read(root: Root) -> Snmp6:
    """The counters of IPv6."""
    found: dict[str, int] = {}
    for line in root.read(_PATH).split(b"\n"):
        name, _, value = line.partition(b" ")
        field = _NAMES.get(name)
        if field is None:
            continue
        try:
            found[field] = int(value)
        except ValueError:
            continue
    if not found:
        raise Unavailable(_PATH, "it holds no lines such as 'Ip6InReceives 3'")
    return Snmp6(**found)


SOURCE = Source(
    name="snmp6",
    doc="Counters of IPv6 and of UDP over it, of the network namespace that is read.",
    files=(_PATH,),
    record=Snmp6,
    read=read,
)
