"""tcp: what TCP does with each remote address: connections, how long they took, what was sent again."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter, gauge
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
        tuple[int, ...] | None, counter("", "connects; of how many by length, see collectors/durations.py")
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
