"""/proc/net/dev: bytes, packets, errors and drops of each network interface."""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "dev_seq_printf_stats() in net/core/net-procfs.c"


class NetDev(msgspec.Struct, frozen=True):
    """`  eth0: 10517672259 338450 0 0 0 0 0 0 15451126 208772 0 0 0 0 0 0`"""

    received_bytes: Annotated[int | None, counter("bytes", "that came in", _SHOW)] = None
    received: Annotated[int | None, counter("packets", "that came in", _SHOW)] = None
    receive_errors: Annotated[int | None, counter("packets", "came in damaged", _SHOW)] = None
    receive_drops: Annotated[
        int | None, counter("packets", "came in and were dropped by the driver, or missed by the card", _SHOW)
    ] = None
    receive_overruns: Annotated[
        int | None, counter("packets", "lost because the card's buffer was full", _SHOW)
    ] = None
    receive_frame_errors: Annotated[
        int | None, counter("packets", "of wrong length, wrong checksum (CRC) or misaligned", _SHOW)
    ] = None
    sent_bytes: Annotated[int | None, counter("bytes", "that were sent", _SHOW)] = None
    sent: Annotated[int | None, counter("packets", "that were sent", _SHOW)] = None
    send_errors: Annotated[int | None, counter("packets", "that could not be sent", _SHOW)] = None
    send_drops: Annotated[
        int | None, counter("packets", "dropped by the driver before being sent", _SHOW)
    ] = None
    send_overruns: Annotated[int | None, counter("packets", "lost to an underrun while sending", _SHOW)] = (
        None
    )
    collisions: Annotated[int | None, counter("packets", "collided while being sent", _SHOW)] = None
    carrier_errors: Annotated[
        int | None, counter("packets", "lost their carrier while being sent", _SHOW)
    ] = None


_PATH = "/proc/net/dev"


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, NetDev]:
    """The counters of each interface of this network namespace."""
    found: dict[str, NetDev] = {}
    for line in root.read(_PATH).split(b"\n"):
        # A name may hold anything but a slash, a colon and white space.
        name, colon, values = line.partition(b":")
        if not colon:
            continue
        interface = name.strip().decode("utf-8", "backslashreplace")
        if wanted is not None and interface not in wanted:
            continue
        try:
            numbers = [int(each) for each in values.split()]
        except ValueError:
            continue
        if len(numbers) < 16:
            continue
        found[interface] = NetDev(*numbers[0:6], *numbers[8:15])
    if not found and wanted is None:
        raise Unavailable(_PATH, "it names no interface")
    return found


SOURCE = EntitySource(
    name="net_dev",
    doc="Traffic, errors and drops of each network interface.",
    files=(_PATH,),
    record=NetDev,
    read=read,
    scope="interface",
)
