"""/proc/net/snmp: what IP, ICMP, TCP and UDP counted, of this network namespace.

Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens … InSegs OutSegs RetransSegs InErrs OutRsts …
Tcp: 1 200 120000 -1 739 … 335308 205596 0 0 490 …
"""

from typing import Annotated

import msgspec

from kernward.collectors.protocol_counters import counters
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_SHOW = "snmp_seq_show() in net/ipv4/proc.c"


class Snmp(msgspec.Struct, frozen=True):
    """IPv4, and TCP of both IPv4 and IPv6; UDP over IPv6 is in snmp6."""

    ip_received: Annotated[int | None, counter("packets", "IPv4 packets that came in", _SHOW)] = None
    ip_header_errors: Annotated[
        int | None, counter("packets", "came in with a bad header, checksum or hop limit", _SHOW)
    ] = None
    ip_address_errors: Annotated[
        int | None, counter("packets", "came in for an address that is not ours", _SHOW)
    ] = None
    ip_in_discarded: Annotated[
        int | None, counter("packets", "came in whole and were dropped for want of memory", _SHOW)
    ] = None
    ip_delivered: Annotated[int | None, counter("packets", "handed to TCP, UDP, ICMP …", _SHOW)] = None
    ip_sent: Annotated[int | None, counter("packets", "sent by this machine's sockets", _SHOW)] = None
    ip_out_discarded: Annotated[
        int | None, counter("packets", "to be sent and dropped below IP: no neighbour, no memory", _SHOW)
    ] = None
    ip_no_route: Annotated[int | None, counter("packets", "to be sent without a route", _SHOW)] = None
    ip_reassembly_failures: Annotated[
        int | None, counter("packets", "fragments that never became a packet", _SHOW)
    ] = None
    ip_fragmentation_failures: Annotated[
        int | None, counter("packets", "too big for the way and not to be divided", _SHOW)
    ] = None
    icmp_unreachable_received: Annotated[
        int | None, counter("messages", "others said that something cannot be reached", _SHOW)
    ] = None
    icmp_unreachable_sent: Annotated[
        int | None, counter("messages", "we said that something cannot be reached", _SHOW)
    ] = None
    tcp_active_opens: Annotated[int | None, counter("connections", "asked for by us", _SHOW)] = None
    tcp_passive_opens: Annotated[int | None, counter("connections", "accepted by us", _SHOW)] = None
    tcp_failed_opens: Annotated[
        int | None, counter("connections", "that ended before they were established", _SHOW)
    ] = None
    tcp_established_resets: Annotated[
        int | None, counter("connections", "established ones that were reset", _SHOW)
    ] = None
    tcp_established: Annotated[
        int | None, gauge("connections", "established or waiting for our close", _SHOW)
    ] = None
    tcp_segments_received: Annotated[int | None, counter("segments", "that came in", _SHOW)] = None
    tcp_segments_sent: Annotated[
        int | None, counter("segments", "sent, those sent again not among them", _SHOW)
    ] = None
    tcp_segments_retransmitted: Annotated[
        int | None, counter("segments", "sent again", "tcp_retransmit_skb() in net/ipv4/tcp_output.c")
    ] = None
    tcp_bad_segments: Annotated[int | None, counter("segments", "came in damaged", _SHOW)] = None
    tcp_checksum_errors: Annotated[
        int | None, counter("segments", "came in with a wrong checksum", _SHOW)
    ] = None
    tcp_resets_sent: Annotated[int | None, counter("segments", "with RST, sent by us", _SHOW)] = None
    udp_received: Annotated[int | None, counter("packets", "handed to a socket", _SHOW)] = None
    udp_no_port: Annotated[int | None, counter("packets", "for a port that nobody has", _SHOW)] = None
    udp_errors: Annotated[
        int | None, counter("packets", "not handed to their socket, whatever the reason", _SHOW)
    ] = None
    udp_sent: Annotated[int | None, counter("packets", "sent", _SHOW)] = None
    udp_receive_buffer_errors: Annotated[
        int | None,
        counter(
            "packets", "dropped: the socket's buffer was full", "__udp_queue_rcv_skb() in net/ipv4/udp.c"
        ),
    ] = None
    udp_send_buffer_errors: Annotated[
        int | None, counter("packets", "not sent: the sending buffer was full", _SHOW)
    ] = None
    udp_checksum_errors: Annotated[int | None, counter("packets", "dropped: wrong checksum", _SHOW)] = None
    udp_memory_errors: Annotated[
        int | None,
        counter(
            "packets",
            "dropped: all of UDP holds more than udp_mem (since 5.15)",
            "__udp_queue_rcv_skb() in net/ipv4/udp.c",
        ),
    ] = None


WANTED = {
    "ip_received": ("Ip", "InReceives"),
    "ip_header_errors": ("Ip", "InHdrErrors"),
    "ip_address_errors": ("Ip", "InAddrErrors"),
    "ip_in_discarded": ("Ip", "InDiscards"),
    "ip_delivered": ("Ip", "InDelivers"),
    "ip_sent": ("Ip", "OutRequests"),
    "ip_out_discarded": ("Ip", "OutDiscards"),
    "ip_no_route": ("Ip", "OutNoRoutes"),
    "ip_reassembly_failures": ("Ip", "ReasmFails"),
    "ip_fragmentation_failures": ("Ip", "FragFails"),
    "icmp_unreachable_received": ("Icmp", "InDestUnreachs"),
    "icmp_unreachable_sent": ("Icmp", "OutDestUnreachs"),
    "tcp_active_opens": ("Tcp", "ActiveOpens"),
    "tcp_passive_opens": ("Tcp", "PassiveOpens"),
    "tcp_failed_opens": ("Tcp", "AttemptFails"),
    "tcp_established_resets": ("Tcp", "EstabResets"),
    "tcp_established": ("Tcp", "CurrEstab"),
    "tcp_segments_received": ("Tcp", "InSegs"),
    "tcp_segments_sent": ("Tcp", "OutSegs"),
    "tcp_segments_retransmitted": ("Tcp", "RetransSegs"),
    "tcp_bad_segments": ("Tcp", "InErrs"),
    "tcp_checksum_errors": ("Tcp", "InCsumErrors"),
    "tcp_resets_sent": ("Tcp", "OutRsts"),
    "udp_received": ("Udp", "InDatagrams"),
    "udp_no_port": ("Udp", "NoPorts"),
    "udp_errors": ("Udp", "InErrors"),
    "udp_sent": ("Udp", "OutDatagrams"),
    "udp_receive_buffer_errors": ("Udp", "RcvbufErrors"),
    "udp_send_buffer_errors": ("Udp", "SndbufErrors"),
    "udp_checksum_errors": ("Udp", "InCsumErrors"),
    "udp_memory_errors": ("Udp", "MemErrors"),
}
_PATH = "/proc/net/snmp"


def read(root: Root) -> Snmp:
    """The counters of IPv4's protocols."""
    found = counters(root.read(_PATH), WANTED)
    if not found:
        raise Unavailable(_PATH, "it holds no lines of names and values, such as 'Tcp: … RetransSegs …'")
    return Snmp(**found)


SOURCE = Source(
    name="snmp",
    doc="Counters of IP, ICMP, TCP and UDP, of the network namespace that is read.",
    files=(_PATH,),
    record=Snmp,
    read=read,
)
