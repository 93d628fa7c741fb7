"""drops: packets that the kernel threw away, by reason and by the function that did it."""

import socket
from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.counted import Counted
from kernward.collectors.measurement import Measurement, attached_only
from kernward.collectors.quantity import counter
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource


class Drops(msgspec.Struct, frozen=True):
    """Of one reason, as enum skb_drop_reason names it without its prefix (since Linux 5.17)."""

    drops: Annotated[
        int | None, counter("", "packets freed as dropped", "kfree_skb_reason() in net/core/skbuff.c")
    ] = None
    by_function: Annotated[Mapping[str, int] | None, counter("", "the same, by function")] = None
    by_protocol: Annotated[
        Mapping[str, int] | None,
        counter("", "the same, by protocol of the link layer: ip, ipv6, arp, or its number"),
    ] = None
    by_interface: Annotated[
        Mapping[str, int] | None,
        counter("", "the same, by interface index and name where the packet had one"),
    ] = None


SOURCE: EntitySource[Drops] = EntitySource(
    name="drops",
    doc="Packets that the kernel threw away, by reason.",
    files=("eBPF",),
    record=Drops,
    read=attached_only("drops"),
    scope="other",
    when="measured",
)


# <linux/if_ether.h>
_PROTOCOLS = {0x0800: "ip", 0x86DD: "ipv6", 0x0806: "arp", 0x8100: "vlan", 0: "none"}


def decode(counted: Counted) -> Mapping[str, Drops]:
    """By reason."""
    found: dict[str, Drops] = {}
    for (location, reason, interface, protocol, _), (number,) in counted.rows("totals", "QIIII", ("sum",)):
        name = counted.names.drop_reason(reason)
        before = found.get(name, Drops(0, {}, {}, {}))
        found[name] = Drops(
            (before.drops or 0) + number,
            _plus(before.by_function, counted.names.function(location), number),
            _plus(before.by_protocol, _PROTOCOLS.get(protocol, f"{protocol:#06x}"), number),
            _plus(before.by_interface, _interface(interface), number) if interface else before.by_interface,
        )
    return found


def _plus(counts: Mapping[str, int] | None, name: str, number: int) -> Mapping[str, int]:
    return {**(counts or {}), name: (counts or {}).get(name, 0) + number}


def _interface(number: int) -> str:
    try:
        return socket.if_indextoname(number)
    except OSError:
        # Of another network namespace, or gone.
        return f"(interface {number})"


def poll(root: Root) -> Mapping[str, Drops]:
    """Packets that no CPU's backlog had room for (/proc/net/softnet_stat); other reasons are not told."""
    total = 0
    for line in root.read("/proc/net/softnet_stat", 1 << 20).splitlines():
        words = line.split()
        try:
            total += int(words[1], 16)
        except (IndexError, ValueError):
            continue
    return {"CPU_BACKLOG": Drops(drops=total)}


MEASUREMENT = Measurement(
    source=SOURCE,
    program="drops",
    fields=("kfree_skb.location", "kfree_skb.reason", "kfree_skb.protocol"),
    decode=decode,
    poll=poll,
    scoped=False,
    cost="about 450 ns each time a packet is dropped, nothing for packets that arrive",
    caveats=(
        "Some drops are the normal end of a packet: for nobody's address, without a listener, a raw socket's copy.",
        "What the hardware or the driver's ring drops never was a packet of the kernel: see the interface's counters.",
    ),
)
