"""/proc/net/udp and udp6: what waits in each UDP socket, and the packets that it dropped.

    sl local_address rem_address st tx_queue:rx_queue … inode ref pointer drops
    9: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 12345 2 0 0

Named by address and port; where several sockets share one the later ones have "#INODE" behind it.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.tcp_diag import packed, place

_SHOW = "udp4_format_sock() in net/ipv4/udp.c"


class UdpSocket(msgspec.Struct, frozen=True):
    """A socket that is bound to a port."""

    port: Annotated[int | None, gauge("", "port", _SHOW)] = None
    receive_queue_bytes: Annotated[int | None, gauge("bytes", "waiting to be read", _SHOW)] = None
    drops: Annotated[
        int | None,
        counter("packets", "dropped: no room in its buffer, or no memory", _SHOW, bits=32),
    ] = None
    inode: Annotated[int | None, identity("", "the socket's inode, by which its process is found", _SHOW)] = (
        None
    )


_FILES = ("/proc/net/udp", "/proc/net/udp6")
MOST = 5000


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, UdpSocket]:
    """The UDP sockets of this network namespace."""
    found: dict[str, UdpSocket] = {}
    for file in _FILES:
        try:
            lines = root.read(file).split(b"\n")
        except Unavailable:
            if file == _FILES[0]:
                raise
            continue
        for line in lines[1:]:
            words = line.split()
            try:
                address, _, port = words[1].partition(b":")
                name = place(packed(address), int(port, 16))
                waiting = int(words[4].partition(b":")[2], 16)
                inode, drops = int(words[9]), int(words[12])
            except (IndexError, ValueError):
                continue
            if name in found:
                name = f"{name} #{inode}"
            if (wanted is None or name in wanted) and len(found) < MOST:
                found[name] = UdpSocket(int(port, 16), waiting, drops, inode)
    return found


SOURCE = EntitySource(
    name="udp_sockets",
    doc="UDP sockets: what waits in each, and what it dropped.",
    files=_FILES,
    record=UdpSocket,
    read=read,
    scope="other",
    when="check",
)
