"""/proc/net/softnet_stat: how each CPU got on with the packets that it had to take in.

One line of hexadecimal numbers a CPU: processed, dropped, squeezed, …; newer kernels add the
length of the backlog, the CPU's number, and the two parts of the backlog.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "softnet_seq_show() in net/core/net-procfs.c"


class Softnet(msgspec.Struct, frozen=True):
    """`000532eb 00000000 00000001 00000000 … 00000001 00000000 00000000`"""

    processed: Annotated[int | None, counter("packets", "taken from cards and backlogs", _SHOW, bits=32)] = (
        None
    )
    dropped: Annotated[
        int | None,
        counter(
            "packets",
            "dropped: the CPU's backlog held netdev_max_backlog already",
            "enqueue_to_backlog() in net/core/dev.c",
            bits=32,
        ),
    ] = None
    squeezed: Annotated[
        int | None,
        counter(
            "",
            "times there was work left when net_rx_action() had used up its packets or its time",
            "net_rx_action() in net/core/dev.c",
            bits=32,
        ),
    ] = None
    steered: Annotated[
        int | None, counter("", "times another CPU asked this one to take packets (RPS)", _SHOW, bits=32)
    ] = None
    flow_limited: Annotated[
        int | None, counter("packets", "dropped: one flow had half of the backlog", _SHOW, bits=32)
    ] = None
    backlog: Annotated[int | None, gauge("packets", "waiting in the CPU's backlog now", _SHOW)] = None


_PATH = "/proc/net/softnet_stat"


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, Softnet]:
    """A record for each CPU: cpu0, cpu1 …."""
    found: dict[str, Softnet] = {}
    for number, line in enumerate(root.read(_PATH).split(b"\n")):
        try:
            values = [int(each[:17], 16) for each in line.split()]
        except ValueError:
            continue
        if len(values) < 9:
            continue
        # Without the column, lines are those of the CPUs that are online, most often all.
        cpu = f"cpu{values[12] if len(values) > 12 else number}"
        if wanted is None or cpu in wanted:
            found[cpu] = Softnet(
                processed=values[0],
                dropped=values[1],
                squeezed=values[2],
                steered=values[9] if len(values) > 9 else None,
                flow_limited=values[10] if len(values) > 10 else None,
                backlog=values[11] if len(values) > 11 else None,
            )
    if not found and wanted is None:
        raise Unavailable(_PATH, "it holds no line of hexadecimal numbers for a CPU")
    return found


SOURCE = EntitySource(
    name="softnet",
    doc="Packets that each CPU took in, and those that it dropped for want of time.",
    files=(_PATH,),
    record=Softnet,
    read=read,
    scope="cpu",
)
