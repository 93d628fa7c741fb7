"""/proc/schedstat: for each CPU, how long tasks ran on it and how long they waited for it.

Absent without CONFIG_SCHEDSTATS. The three values that are read are kept whether or not
kernel.sched_schedstats is on; the others and the lines of domains are left alone.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources.stat import is_count

PATH = "/proc/schedstat"
_SHOW = "show_schedstat() in kernel/sched/stats.c"


class Schedstat(msgspec.Struct, frozen=True):
    """`cpu0 0 0 0 0 0 0 24170000000 1830000000 20310`: the last three."""

    ran_s: Annotated[float | None, counter("s", "tasks ran on it", _SHOW)] = None
    waited_s: Annotated[
        float | None,
        counter(
            "s",
            "tasks were runnable and waited for it, summed over tasks, throttled ones included",
            "sched_info_arrive() in kernel/sched/stats.h",
        ),
    ] = None
    slices: Annotated[int | None, counter("", "times a task began to run on it", _SHOW)] = None


def read(root: Root, entities: Collection[str] | None) -> dict[str, Schedstat]:
    """By name as the kernel prints it, `cpu0`."""
    data = root.read(PATH)
    if not data.startswith(b"version "):
        raise Unavailable(PATH, "it does not begin with 'version'")
    found: dict[str, Schedstat] = {}
    for line in data.splitlines():
        if not line.startswith(b"cpu"):
            continue
        words = line.split()
        name = words[0].decode("ascii", "replace")
        if len(words) < 10 or entities is not None and name not in entities:
            continue
        if all(map(is_count, words[7:10])):
            found[name] = Schedstat(int(words[7]) / 1e9, int(words[8]) / 1e9, int(words[9]))
    return found


SOURCE = EntitySource(
    name="schedstat",
    doc="How long tasks ran on each CPU and waited for it.",
    files=(PATH,),
    record=Schedstat,
    read=read,
    scope="cpu",
)
