"""tcp: what TCP does with each remote address: connections, how long they took, what was sent again."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from kernward.collectors.counted import Counted, Part
from kernward.collectors.measurement import Measurement, Traced, attached_only
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource


class TcpPeer(msgspec.Struct, frozen=True):
    """Of one remote address."""

    retransmits: Annotated[
        int | None, counter("", "segments sent again", "tcp_retransmit_skb() in net/ipv4/tcp_output.c")
    ] = None
    retransmits_by_state: Annotated[
        Mapping[str, int] | None, counter("", "the same by state of the connection, SYN_SENT and so on")
    ] = None
    resets_sent: Annotated[
        int | None, counter("", "resets sent to it", "tcp_v4_send_reset() in net/ipv4/tcp_ipv4.c")
    ] = None
    resets_received: Annotated[
        int | None, counter("", "resets that came from it", "tcp_reset() in net/ipv4/tcp_input.c")
    ] = None
    connects: Annotated[
        int | None,
        counter("", "connections that this machine opened", "tcp_finish_connect() in net/ipv4/tcp_input.c"),
    ] = None
    connect_s: Annotated[float | None, counter("s", "how long that took")] = None
    connect_histogram: Annotated[
        tuple[int, ...] | None, counter("", "connects by length: below 2 µs, 4 µs, 8 µs and so on")
    ] = None
    connect_failures: Annotated[int | None, counter("", "attempts that ended without a connection")] = None
    accepts: Annotated[int | None, counter("", "connections that the peer opened")] = None
    closes: Annotated[int | None, counter("", "connections that ended")] = None
    round_trip_s: Annotated[
        float | None,
        gauge(
            "s",
            "smoothed round trip time of the connection that closed or retransmitted last",
            "srtt_us in struct tcp_sock",
        ),
    ] = None


SOURCE: EntitySource[TcpPeer] = EntitySource(
    name="tcp",
    doc="Retransmissions, resets, connection times and failures of TCP, by peer.",
    files=("eBPF",),
    record=TcpPeer,
    read=attached_only("tcp"),
    scope="other",
    when="measured",
)


_IPV4 = 2
# include/net/tcp_states.h
STATES = (
    "", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
    "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV", "BOUND_INACTIVE", "", "",
)  # fmt: skip


_SUM: Part = "sum"
_ROW: tuple[Part, ...] = ("durations", *(_SUM,) * (5 + len(STATES)), "any")


def decode(counted: Counted) -> Mapping[str, TcpPeer]:
    """By the peer's address."""
    found: dict[str, TcpPeer] = {}
    for (address, family, _), row in counted.rows("totals", "16sII", _ROW):
        connects, failures, accepts, closes, sent, received = row[:6]
        again = row[6 : 6 + len(STATES)]
        found[_address(address, family)] = TcpPeer(
            retransmits=sum(again),
            retransmits_by_state={
                state or "(unknown)": number for state, number in zip(STATES, again, strict=True) if number
            },
            resets_sent=sent,
            resets_received=received,
            connects=connects.number,
            connect_s=connects.total_s,
            connect_histogram=connects.items,
            connect_failures=failures,
            accepts=accepts,
            closes=closes,
            round_trip_s=row[-1] / 1e6 if row[-1] else None,
        )
    return found


def _address(address: bytes, family: int) -> str:
    if family == _IPV4:
        return str(ipaddress.IPv4Address(address[:4]))
    found = ipaddress.IPv6Address(address)
    # A socket for both families has the old address within the new one.
    return str(found.ipv4_mapped or found)


def poll(root: Root) -> Mapping[str, TcpPeer]:
    """What /proc/net/snmp counts for all peers, under "all"."""
    rows = [line.split() for line in root.read("/proc/net/snmp", 1 << 20).splitlines() if line[:4] == b"Tcp:"]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        raise Unavailable("/proc/net/snmp", "it has no counters of TCP")
    counts = dict(zip(rows[0][1:], rows[1][1:], strict=True))
    try:
        return {
            "all": TcpPeer(
                retransmits=int(counts[b"RetransSegs"]),
                resets_sent=int(counts[b"OutRsts"]),
                resets_received=int(counts[b"EstabResets"]),
                connects=int(counts[b"ActiveOpens"]),
                connect_failures=int(counts[b"AttemptFails"]),
                accepts=int(counts[b"PassiveOpens"]),
            )
        }
    except (KeyError, ValueError):
        raise Unavailable("/proc/net/snmp", "its counters of TCP are not those that are known") from None


def trace(counts: dict[str, Any], event: str, process: str, fields: Mapping[str, str]) -> None:
    """By the peer's address."""
    peer = fields.get("daddr", "?")
    if fields.get("family") == "AF_INET6":
        peer = fields.get("daddrv6", peer)
    before = counts.get(peer, TcpPeer(retransmits=0, retransmits_by_state={}, resets_received=0))
    if event == "tcp_retransmit_skb":
        state = fields.get("state", "(unknown)").removeprefix("TCP_")
        by = {**before.retransmits_by_state, state: before.retransmits_by_state.get(state, 0) + 1}
        counts[peer] = msgspec.structs.replace(
            before, retransmits=before.retransmits + 1, retransmits_by_state=by
        )
    else:
        counts[peer] = msgspec.structs.replace(before, resets_received=before.resets_received + 1)


MEASUREMENT = Measurement(
    source=SOURCE,
    program="tcp",
    version_2_only=True,
    fields=(
        "inet_sock_set_state.protocol",
        "inet_sock_set_state.family",
        "inet_sock_set_state.daddr",
        "inet_sock_set_state.daddr_v6",
        "inet_sock_set_state.skaddr",
        "inet_sock_set_state.oldstate",
        "inet_sock_set_state.newstate",
        "tcp_retransmit_skb.family",
        "tcp_retransmit_skb.daddr",
        "tcp_retransmit_skb.daddr_v6",
        "tcp_retransmit_skb.state",
    ),
    decode=decode,
    poll=poll,
    traced=Traced(events=("tcp/tcp_retransmit_skb", "tcp/tcp_receive_reset"), count=trace),
    cost="about 200 ns each time a connection changes its state, 500 ns for a segment sent again or a reset",
    caveats=(
        "A cgroup's sockets are known in the version 2 tree only; with version 1 all sockets count.",
        "By procfs all peers are one, without times.",
    ),
)
