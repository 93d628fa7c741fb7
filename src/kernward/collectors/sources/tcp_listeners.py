"""Listening TCP sockets: how many connections wait to be accepted, how many may, and how many were dropped.

Named by address and port; where several sockets share one (SO_REUSEPORT) the later ones have "#INODE" behind it.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, gauge, identity
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource
from kernward.collectors.tcp_diag import LISTEN, place, sockets

_DIAG = "inet_diag_msg_common_fill() in net/ipv4/inet_diag.c, tcp_diag_get_info() in net/ipv4/tcp_diag.c"


class TcpListener(msgspec.Struct, frozen=True):
    """`most_waiting` is listen()'s backlog, at most somaxconn; one more than it fits in (sk_acceptq_is_full())."""

    port: Annotated[int | None, gauge("", "port", _DIAG)] = None
    waiting: Annotated[int | None, gauge("connections", "established and not yet accepted", _DIAG)] = None
    most_waiting: Annotated[int | None, gauge("connections", "that may wait", _DIAG)] = None
    drops: Annotated[
        int | None,
        counter(
            "requests",
            "dropped by this socket: its queue was full, or memory was short",
            "tcp_listendrop() in include/net/tcp.h",
            bits=32,
        ),
    ] = None
    inode: Annotated[int | None, identity("", "the socket's inode, by which its process is found", _DIAG)] = (
        None
    )


# More listening sockets than this are some test's.
MOST = 5000


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, TcpListener]:
    """The listening sockets of this network namespace."""
    found: dict[str, TcpListener] = {}
    for each in sockets(root, (LISTEN,)):
        name = place(each.local, each.local_port)
        if name in found:
            name = f"{name} #{each.inode}"
        if (wanted is None or name in wanted) and len(found) < MOST:
            found[name] = TcpListener(
                port=each.local_port,
                waiting=each.receive_queue,
                most_waiting=each.send_queue,
                drops=each.drops,
                inode=each.inode,
            )
    return found


SOURCE = EntitySource(
    name="tcp_listeners",
    doc="Listening TCP sockets: connections that wait to be accepted, and those that were dropped.",
    files=("sock_diag", "/proc/net/tcp"),
    record=TcpListener,
    read=read,
    scope="other",
)
