"""/proc/loadavg: how many tasks wanted to run or waited uninterruptibly, averaged."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_SHOW = "loadavg_proc_show() in fs/proc/loadavg.c"


class Loadavg(msgspec.Struct, frozen=True):
    """`0.52 0.61 0.70 2/431 81220`"""

    load_1m: Annotated[
        float | None, gauge("", "runnable and uninterruptible tasks, 1-minute average", _SHOW)
    ] = None
    load_5m: Annotated[float | None, gauge("", "the same over 5 minutes", _SHOW)] = None
    load_15m: Annotated[float | None, gauge("", "the same over 15 minutes", _SHOW)] = None
    running: Annotated[int | None, gauge("", "tasks that are running or waiting for a CPU now", _SHOW)] = None
    tasks: Annotated[int | None, gauge("", "tasks, threads included", _SHOW)] = None


def read(root: Root) -> Loadavg:
    """The load averages."""
    path = "/proc/loadavg"
    try:
        one, five, fifteen, tasks, _ = root.read(path, 4096).split()
        running, _, total = tasks.partition(b"/")
        return Loadavg(float(one), float(five), float(fifteen), int(running), int(total))
    except ValueError:
        raise Unavailable(path, "it is not of the form '0.52 0.61 0.70 2/431 81220'") from None


SOURCE = Source(
    name="loadavg",
    doc="Load averages: tasks that run, wait for a CPU, or sleep uninterruptibly.",
    files=("/proc/loadavg",),
    record=Loadavg,
    read=read,
)
