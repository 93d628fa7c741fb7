"""By which interface an address is reached, as the kernel decides it (rtnetlink) or a routing table says."""

import socket
import struct

import msgspec

from kernward.collectors import netlink
from kernward.collectors.root import Root, Unavailable

# struct rtmsg: family, lengths of destination and source, tos, table, protocol, scope, type, flags
_MESSAGE = struct.Struct("=BBBBBBBBI")
_GETROUTE = 26
_DESTINATION, _INTERFACE, _GATEWAY, _VIA = 1, 4, 5, 18
_WHAT = "ip route get"
# Different addresses that are asked for in one sample; a server has a route for each of its thousands of
# clients, and most are the same.
MOST = 256


class Way(msgspec.Struct, frozen=True):
    """`direct`: there is no gateway between."""

    interface: str
    direct: bool


class Routes:
    """The ways to addresses, each asked for once. One sample long."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._known: dict[str, Way | None] = {}
        self._names = netlink.interface_names(root)

    def way(self, address: str) -> Way | None:
        """How this address is reached; None when nothing says it."""
        if address not in self._known:
            if len(self._known) >= MOST:
                return None
            self._known[address] = self._asked(address) if self._root.live else self._copied(address)
        return self._known[address]

    def _asked(self, address: str) -> Way | None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        packed = socket.inet_pton(family, address)
        request = _MESSAGE.pack(family, 8 * len(packed), 0, 0, 0, 0, 0, 0, 0)
        request += struct.pack("=HH", 4 + len(packed), _DESTINATION) + packed
        try:
            answer = netlink.ask(self._root, netlink.ROUTE, _GETROUTE, request, _WHAT)
        except Unavailable:
            return None
        if answer is None or len(answer) < _MESSAGE.size:
            return None
        told = netlink.attributes(answer[_MESSAGE.size :])
        interface = self._names.get(netlink.number(told.get(_INTERFACE)) or 0)
        return None if interface is None else Way(interface, _GATEWAY not in told and _VIA not in told)

    def _copied(self, address: str) -> Way | None:
        """/proc/net/route, the main table of IPv4: the longest prefix that fits."""
        if ":" in address:
            return None
        if address.startswith("127."):
            return Way("lo", True)
        wanted = int.from_bytes(socket.inet_aton(address), "little")
        best: tuple[int, Way] | None = None
        for line in (self._root.text("/proc/net/route") or "").splitlines()[1:]:
            words = line.split()
            try:
                to, gateway, mask = int(words[1], 16), int(words[2], 16), int(words[7], 16)
            except (IndexError, ValueError):
                continue
            bits = mask.bit_count()
            if wanted & mask == to and (best is None or bits > best[0]):
                best = bits, Way(words[0], gateway == 0)
        return None if best is None else best[1]
