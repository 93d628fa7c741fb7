"""oom: whom the kernel killed because memory, or the limit of a cgroup, was used up."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from kernward.collectors.measurement import attached_only
from kernward.collectors.quantity import counter
from kernward.collectors.source import EntitySource


class OutOfMemory(msgspec.Struct, frozen=True):
    """Of the cgroup of the victims: that of the memory controller."""

    kills: Annotated[
        int | None, counter("", "processes chosen to be killed", "mark_oom_victim() in mm/oom_kill.c")
    ] = None
    victims: Annotated[Mapping[str, int] | None, counter("", "the same, as comm[pid]")] = None
    killed_by: Annotated[
        Mapping[str, int] | None, counter("", "the same, by the process that asked for memory")
    ] = None


SOURCE: EntitySource[OutOfMemory] = EntitySource(
    name="oom",
    doc="Whom the kernel killed for memory.",
    files=("eBPF",),
    record=OutOfMemory,
    read=attached_only("oom"),
    scope="cgroup",
    when="measured",
)
