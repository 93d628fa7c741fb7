"""How many neighbours each interface has in the tables of ARP and NDISC, and how many do not answer.

/proc/net/arp for IPv4; the table of IPv6 is only told through rtnetlink, and left out where that does not
answer.
"""

import socket
import struct
from collections import Counter
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors import netlink
from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource


class Neighbours(msgspec.Struct, frozen=True):
    """Of one interface."""

    entries: Annotated[int | None, gauge("neighbours", "IPv4", "arp_seq_show() in net/ipv4/arp.c")] = None
    unanswered: Annotated[
        int | None, gauge("neighbours", "IPv4, asked for and not (yet) answered", "arp_seq_show()")
    ] = None
    entries6: Annotated[
        int | None, gauge("neighbours", "IPv6", "neigh_fill_info() in net/core/neighbour.c")
    ] = None


_PATH = "/proc/net/arp"
_COMPLETE = 0x2  # ATF_COM in include/uapi/linux/if_arp.h
_GETNEIGH = 30
# struct ndmsg: family, padding, interface, state, flags, type
_MESSAGE = struct.Struct("=BxxxiHBB")
_NOARP = 0x40  # NUD_NOARP: multicast and the like, which no limit counts


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, Neighbours]:
    """The counts of each interface that has any."""
    entries: Counter[str] = Counter()
    unanswered: Counter[str] = Counter()
    for line in root.read(_PATH).split(b"\n")[1:]:
        # IP address, HW type, Flags, HW address, Mask, Device
        words = line.split()
        if len(words) != 6:
            continue
        try:
            flags = int(words[2], 16)
        except ValueError:
            continue
        interface = words[5].decode("utf-8", "backslashreplace")
        entries[interface] += 1
        unanswered[interface] += not flags & _COMPLETE
    others = _of_ipv6(root)
    return {
        name: Neighbours(
            entries=entries[name],
            unanswered=unanswered[name],
            entries6=None if others is None else others[name],
        )
        for name in {*entries, *(others or ())}
        if wanted is None or name in wanted
    }


def _of_ipv6(root: Root) -> Counter[str] | None:
    names = netlink.interface_names(root)
    found: Counter[str] = Counter()
    request = _MESSAGE.pack(socket.AF_INET6, 0, 0, 0, 0)
    try:
        for message in netlink.dump(root, netlink.ROUTE, _GETNEIGH, request, "ip -6 neighbour"):
            if len(message) >= _MESSAGE.size:
                _, index, state, _, _ = _MESSAGE.unpack_from(message)
                if index in names and not state & _NOARP:
                    found[names[index]] += 1
    except Unavailable as error:
        root.missing[error.path] = error.reason
        return None
    return found


SOURCE = EntitySource(
    name="neighbours",
    doc="How many neighbours each interface has in the tables of ARP and NDISC.",
    files=(_PATH,),
    record=Neighbours,
    read=read,
    scope="interface",
    when="check",
    waits="somebody holds the RTNL lock, which settings of the network take",
)
