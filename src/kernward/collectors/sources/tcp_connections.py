"""TCP connections: what each sent again, its round trips, what it holds, and the interface that it goes by.

Named "local > remote". Where there are more than MOST, about so many are read, chosen by their ports and
addresses and not by chance, so that the same ones are read in every sample. Without sock_diag (see tcp_diag)
only queues, time-outs and retries are known.
"""

import struct
from collections.abc import Collection
from math import ceil, log2
from typing import Annotated, Any

import msgspec

from kernward.collectors import tcp_diag
from kernward.collectors.quantity import counter, fact, gauge, identity
from kernward.collectors.root import Root
from kernward.collectors.routes import Routes
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import sockstat
from kernward.collectors.tcp_diag import Socket, address, place, sockets

_INFO = "tcp_get_info() in net/ipv4/tcp.c"
_DIAG = "inet_diag_msg_common_fill() in net/ipv4/inet_diag.c"
MOST = 2000


class TcpConnection(msgspec.Struct, frozen=True):
    """Times that TCP has not measured yet are None."""

    cookie: Annotated[int | None, identity("", "the kernel's number of the socket, or its inode", _DIAG)] = (
        None
    )
    inode: Annotated[
        int | None,
        gauge("", "the socket's inode, by which its process is found; 0: no process has it", _DIAG),
    ] = None
    state: Annotated[
        int | None, gauge("", "1 established, 2 asking for it, 8 the other end closed …", _DIAG)
    ] = None
    interface: Annotated[str | None, fact("by which the other end is reached")] = None
    direct: Annotated[int | None, gauge("", "1 where no gateway lies between")] = None
    remote: Annotated[str | None, fact("the other end's address")] = None
    local_port: Annotated[int | None, gauge("", "our port", _DIAG)] = None
    remote_port: Annotated[int | None, gauge("", "the other end's port", _DIAG)] = None
    segments_sent: Annotated[
        int | None, counter("segments", "with data, those sent again among them", _INFO, bits=32)
    ] = None
    segments_retransmitted: Annotated[int | None, counter("segments", "sent again", _INFO, bits=32)] = None
    bytes_acknowledged: Annotated[int | None, counter("bytes", "that arrived at the other end", _INFO)] = None
    bytes_received: Annotated[int | None, counter("bytes", "that came from the other end", _INFO)] = None
    needless_retransmits: Annotated[
        int | None, counter("segments", "that the other end had already (D-SACK)", _INFO, bits=32)
    ] = None
    out_of_order: Annotated[
        int | None, counter("segments", "came with a hole before them", _INFO, bits=32)
    ] = None
    drops: Annotated[int | None, counter("packets", "dropped by this socket", _DIAG, bits=32)] = None
    receive_limited_s: Annotated[
        float | None, counter("s", "it could not send because the other end had no room", _INFO)
    ] = None
    busy_s: Annotated[float | None, counter("s", "it had something to send", _INFO)] = None
    round_trip_s: Annotated[float | None, gauge("s", "smoothed round trip", _INFO)] = None
    round_trip_variation_s: Annotated[float | None, gauge("s", "mean deviation of round trips", _INFO)] = None
    least_round_trip_s: Annotated[
        float | None, gauge("s", "shortest round trip of the last five minutes", _INFO)
    ] = None
    timeout_s: Annotated[float | None, gauge("s", "without an answer it is sent again after this", _INFO)] = (
        None
    )
    retries: Annotated[
        int | None, gauge("", "times in a row that the same segment was sent again and not answered", _INFO)
    ] = None
    lost: Annotated[int | None, gauge("segments", "believed to be lost now", _INFO)] = None
    unacknowledged: Annotated[int | None, gauge("segments", "on their way", _INFO)] = None
    last_sent_s: Annotated[float | None, gauge("s", "since it last sent data", _INFO)] = None
    receive_queue_bytes: Annotated[int | None, gauge("bytes", "that the program has not read", _DIAG)] = None
    send_queue_bytes: Annotated[int | None, gauge("bytes", "not yet acknowledged", _DIAG)] = None
    memory_bytes: Annotated[
        int | None, gauge("bytes", "that its buffers hold", "sock_diag_put_meminfo() in net/core/sock_diag.c")
    ] = None


_STATES = (
    tcp_diag.ESTABLISHED,
    tcp_diag.SYN_SENT,
    tcp_diag.SYN_RECEIVED,
    tcp_diag.FIN_WAIT_1,
    tcp_diag.CLOSE_WAIT,
    tcp_diag.LAST_ACK,
    tcp_diag.CLOSING,
    tcp_diag.NEW_SYN_RECEIVED,
)
# Offsets in struct tcp_info (include/uapi/linux/tcp.h), which only ever grew at its end.
_U32, _U64 = struct.Struct("=I"), struct.Struct("=Q")
_NUMBERS = {
    "unacknowledged": (24, _U32),
    "lost": (32, _U32),
    "segments_retransmitted": (100, _U32),
    "bytes_acknowledged": (120, _U64),
    "bytes_received": (128, _U64),
    "segments_sent": (156, _U32),
    "needless_retransmits": (216, _U32),
    "out_of_order": (224, _U32),
}
_MILLISECONDS = {"last_sent_s": 44}
_MICROSECONDS = {
    "timeout_s": (8, _U32),
    "round_trip_s": (68, _U32),
    "round_trip_variation_s": (72, _U32),
    "least_round_trip_s": (148, _U32),
    "busy_s": (168, _U64),
    "receive_limited_s": (176, _U64),
}
_NEVER = 0xFFFFFFFF


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, TcpConnection]:
    """The connections of this network namespace."""
    routes = Routes(root)
    found: dict[str, TcpConnection] = {}
    several = one_in(sockstat.tcp_sockets(root, closed=False))
    for each in sockets(root, _STATES, info=True, one_in=several):
        name = f"{place(each.local, each.local_port)} > {place(each.remote, each.remote_port)}"
        if wanted is not None and name not in wanted:
            continue
        remote = address(each.remote)
        way = routes.way(remote)
        found[name] = TcpConnection(
            cookie=each.cookie if each.cookie is not None else each.inode,
            inode=each.inode,
            state=each.state,
            interface=None if way is None else way.interface,
            direct=None if way is None else int(way.direct),
            remote=remote,
            local_port=each.local_port,
            remote_port=each.remote_port,
            drops=each.drops,
            receive_queue_bytes=each.receive_queue,
            send_queue_bytes=each.send_queue,
            memory_bytes=each.memory_bytes,
            **(told(each.info) if each.info is not None else _procfs(each)),
        )
    return found


def one_in(connections: int) -> int:
    """Of how many connections one is read: a power of two, so that it seldom changes between samples."""
    return 1 << max(0, ceil(log2(connections / MOST))) if connections > MOST else 1


def _procfs(each: Socket) -> dict[str, Any]:
    return {"timeout_s": each.timeout_s or None, "retries": each.retries}


def told(info: bytes) -> dict[str, Any]:
    """The fields that a struct tcp_info has; an older kernel's is shorter."""
    found: dict[str, Any] = {}
    for field, (offset, form) in _NUMBERS.items():
        if offset + form.size <= len(info):
            found[field] = form.unpack_from(info, offset)[0]
    for field, offset in _MILLISECONDS.items():
        if offset + 4 <= len(info):
            found[field] = _U32.unpack_from(info, offset)[0] / 1e3
    for field, (offset, form) in _MICROSECONDS.items():
        if offset + form.size <= len(info):
            value = form.unpack_from(info, offset)[0]
            # A round trip that was not measured yet is 0, the least of them all ones.
            if form is _U64 or value not in (0, _NEVER):
                found[field] = value / 1e6
    if len(info) > 2:
        found["retries"] = info[2]
    return found


SOURCE = EntitySource(
    name="tcp_connections",
    doc="TCP connections: what each sent again, its round trips, what it holds, the interface it goes by.",
    files=("sock_diag", "/proc/net/tcp"),
    record=TcpConnection,
    read=read,
    scope="other",
    when="check",
)
