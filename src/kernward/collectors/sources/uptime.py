"""/proc/uptime: how long the machine has been up, and how long its CPUs were idle in that time."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

PATH = "/proc/uptime"
_SHOW = "uptime_proc_show() in fs/proc/uptime.c"


class Uptime(msgspec.Struct, frozen=True):
    """`18204.31 13980.02`"""

    up_s: Annotated[float | None, gauge("s", "time since boot, suspended time included", _SHOW)] = None
    idle_s: Annotated[float | None, counter("s", "idle time of all CPUs together", _SHOW)] = None


def read(root: Root) -> Uptime:
    """The two times."""
    try:
        up, idle = root.read(PATH, 4096).split()
        return Uptime(float(up), float(idle))
    except ValueError:
        raise Unavailable(PATH, "it is not of the form '18204.31 13980.02'") from None


SOURCE = Source(
    name="uptime",
    doc="How long the machine has been up.",
    files=(PATH,),
    record=Uptime,
    read=read,
)
