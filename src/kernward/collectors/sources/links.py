"""Network interfaces: their state, how often they lost their carrier, their size of packets.

The running machine is asked through rtnetlink, one request for all interfaces; a copied tree is read from
/sys/class/net.
"""

import struct
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors import netlink
from kernward.collectors.quantity import counter, fact, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_FILL = "rtnl_fill_ifinfo() in net/core/rtnetlink.c"
_CARRIER = "netif_carrier_off() in net/sched/sch_generic.c"


class Link(msgspec.Struct, frozen=True):
    """The counts of carriers are since the interface was made."""

    index: Annotated[int | None, identity("", "number of the interface", _FILL)] = None
    up: Annotated[int | None, gauge("", "1 where the administrator wants it up", _FILL)] = None
    carrier: Annotated[int | None, gauge("", "1 where there is a link", _FILL)] = None
    state: Annotated[str | None, fact("up, down, lowerlayerdown, dormant … (RFC 2863)", _FILL)] = None
    carrier_changes: Annotated[int | None, counter("", "times the link came or went", _CARRIER, bits=32)] = (
        None
    )
    carrier_losses: Annotated[
        int | None, counter("", "times the link went (since 4.16)", _CARRIER, bits=32)
    ] = None
    mtu_bytes: Annotated[int | None, gauge("bytes", "largest packet", _FILL)] = None
    queue_packets: Annotated[int | None, gauge("packets", "length of its queue, at most", _FILL)] = None
    kind: Annotated[str | None, fact("veth, bridge, bond … of one that is not hardware", _FILL)] = None
    master: Annotated[str | None, fact("the bridge or bond that it belongs to", _FILL)] = None


_GETLINK = 18
# struct ifinfomsg: family, padding, type, index, flags, change
_INFO = struct.Struct("=BxHiII")
_UP = 0x1
# Attributes, include/uapi/linux/if_link.h.
_NAME, _MTU, _MASTER, _QUEUE, _STATE, _LINKINFO = 3, 4, 10, 13, 16, 18
_HAS_CARRIER, _CHANGES, _LOSSES = 33, 35, 48
_STATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
_FOLDER = "/sys/class/net"


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, Link]:
    """The interfaces of this network namespace."""
    found = _asked(root) if root.live else _copied(root)
    if not found:
        raise Unavailable(_FOLDER, "there is no interface")
    return found if wanted is None else {name: each for name, each in found.items() if name in wanted}


def _asked(root: Root) -> dict[str, Link]:
    found: dict[str, Link] = {}
    masters: dict[str, int] = {}
    names: dict[int, str] = {}
    for message in netlink.dump(root, netlink.ROUTE, _GETLINK, _INFO.pack(0, 0, 0, 0, 0), _FOLDER):
        if len(message) < _INFO.size:
            continue
        _, _, index, flags, _ = _INFO.unpack_from(message)
        told = netlink.attributes(message[_INFO.size :])
        name = netlink.text(told.get(_NAME))
        if name is None:
            continue
        names[index] = name
        master = netlink.number(told.get(_MASTER))
        if master is not None:
            masters[name] = master
        state = netlink.number(told.get(_STATE))
        info = told.get(_LINKINFO)
        found[name] = Link(
            index=index,
            up=flags & _UP,
            carrier=netlink.number(told.get(_HAS_CARRIER)),
            state=_STATES[state] if state is not None and state < len(_STATES) else None,
            carrier_changes=netlink.number(told.get(_CHANGES)),
            carrier_losses=netlink.number(told.get(_LOSSES)),
            mtu_bytes=netlink.number(told.get(_MTU)),
            queue_packets=netlink.number(told.get(_QUEUE)),
            kind=netlink.text(netlink.attributes(info).get(1)) if info is not None else None,
        )
    for name, master in masters.items():
        found[name] = msgspec.structs.replace(found[name], master=names.get(master))
    return found


def _copied(root: Root) -> dict[str, Link]:
    found: dict[str, Link] = {}
    for name in root.names(_FOLDER):
        at = f"{_FOLDER}/{name}"
        index = root.number(f"{at}/ifindex")
        if index is None:
            continue
        try:
            flags = int(root.text(f"{at}/flags") or "", 16)
        except ValueError:
            flags = None
        master = root.link(f"{at}/master")
        found[netlink.printable(name)] = Link(
            index=index,
            up=None if flags is None else flags & _UP,
            carrier=root.number(f"{at}/carrier"),
            state=root.text(f"{at}/operstate"),
            carrier_changes=root.number(f"{at}/carrier_changes"),
            carrier_losses=root.number(f"{at}/carrier_down_count"),
            mtu_bytes=root.number(f"{at}/mtu"),
            queue_packets=root.number(f"{at}/tx_queue_len"),
            master=None if master is None else master.rsplit("/", 1)[-1],
        )
    return found


SOURCE = EntitySource(
    name="links",
    doc="Network interfaces: their state, their carrier's changes, their size of packets.",
    files=("/sys/class/net/INTERFACE/*",),
    record=Link,
    read=read,
    scope="interface",
    waits="somebody holds the RTNL lock, which settings of the network take",
)
