"""/sys/class/net/INTERFACE/speed: how fast the link of a network card is.

The driver is asked, which takes milliseconds with some, so that this is no part of every sample. Interfaces
without hardware have no speed, or one that means nothing, and are left out; so are wireless ones, whose
speed changes all the time.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource

_SHOW = "speed_show() in net/core/net-sysfs.c"


class LinkSpeed(msgspec.Struct, frozen=True):
    """Of an interface with hardware and a link."""

    bytes_per_s: Annotated[float | None, gauge("bytes/s", "in each direction", _SHOW)] = None
    duplex: Annotated[str | None, fact("full or half", "duplex_show() in net/core/net-sysfs.c")] = None


_FOLDER = "/sys/class/net"


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, LinkSpeed]:
    """The speeds of the cards that say it."""
    found: dict[str, LinkSpeed] = {}
    for name in root.names(_FOLDER):
        at = f"{_FOLDER}/{name}"
        if wanted is not None and name not in wanted:
            continue
        if not root.exists(f"{at}/device") or root.exists(f"{at}/wireless"):
            continue
        megabits = root.number(f"{at}/speed")
        # -1 where the driver does not know.
        if megabits is not None and megabits > 0:
            found[name] = LinkSpeed(bytes_per_s=megabits * 125_000.0, duplex=root.text(f"{at}/duplex"))
    return found


SOURCE = EntitySource(
    name="link_speed",
    doc="How fast the links of network cards are.",
    files=("/sys/class/net/INTERFACE/speed",),
    record=LinkSpeed,
    read=read,
    scope="interface",
    when="check",
    waits="somebody holds the RTNL lock, which settings of the network take",
)
