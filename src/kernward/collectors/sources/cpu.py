"""/proc/stat, one processor at a time: where its time went."""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import stat

_SHOW = "show_stat() in fs/proc/stat.c"


class Cpu(msgspec.Struct, frozen=True):
    """`cpu0 932926 317910 122789 740129 7347 0 590 2226 0 0`; what each is stands at the source stat."""

    user_s: Annotated[float | None, counter("s", "in user space, guests of KVM included", _SHOW)] = None
    nice_s: Annotated[float | None, counter("s", "in user space at a nice value above 0", _SHOW)] = None
    system_s: Annotated[float | None, counter("s", "in the kernel, for a task", _SHOW)] = None
    idle_s: Annotated[float | None, counter("s", "idle", _SHOW)] = None
    iowait_s: Annotated[
        float | None,
        counter("s", "idle while a task that slept here waits for I/O; it may go backwards", _SHOW),
    ] = None
    irq_s: Annotated[float | None, counter("s", "in interrupts", _SHOW)] = None
    softirq_s: Annotated[float | None, counter("s", "in softirqs", _SHOW)] = None
    steal_s: Annotated[float | None, counter("s", "wanted to run while the hypervisor ran others", _SHOW)] = (
        None
    )
    guest_s: Annotated[float | None, counter("s", "in guests of KVM, also part of user_s", _SHOW)] = None
    guest_nice_s: Annotated[float | None, counter("s", "the same at a nice value, part of nice_s", _SHOW)] = (
        None
    )


def read(root: Root, entities: Collection[str] | None) -> dict[str, Cpu]:
    """By name as the kernel prints it, `cpu0`."""
    found: dict[str, Cpu] = {}
    for line in stat.lines(root)[1:]:
        if not line.startswith(b"cpu"):
            break
        name = line.split(b" ", 1)[0].decode("ascii", "replace")
        if entities is None or name in entities:
            found[name] = Cpu(*stat.times(line))
    return found


SOURCE = EntitySource(
    name="cpu",
    doc="Time of each processor by what it was used for.",
    files=(stat.PATH,),
    record=Cpu,
    read=read,
    scope="cpu",
)
