"""drops: packets that the kernel threw away, by reason and by the function that did it."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter
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
