"""Pressure of each cgroup: the time in which its tasks waited for a CPU, for memory, for I/O (PSI)."""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors import cgroups
from kernward.collectors.quantity import counter, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources.pressure import lines

_SHOW = "psi_show() in kernel/sched/psi.c"
_SOME = "at least one of its tasks waited"
_FULL = "all of its tasks that were not idle waited at once"


class CgroupPressure(msgspec.Struct, frozen=True):
    """cpu.pressure, memory.pressure and io.pressure; only the version 2 tree has them.

    Throttling by a quota counts as waiting for a CPU: cpu_full_s is mostly that.
    """

    cpu_some_s: Annotated[float | None, counter("s", f"CPU: {_SOME}", _SHOW)] = None
    cpu_some_10s_percent: Annotated[float | None, gauge("%", f"CPU, last 10 s: {_SOME}", _SHOW)] = None
    cpu_full_s: Annotated[float | None, counter("s", f"CPU: {_FULL}", _SHOW)] = None
    cpu_full_10s_percent: Annotated[float | None, gauge("%", f"CPU, last 10 s: {_FULL}", _SHOW)] = None
    memory_some_s: Annotated[float | None, counter("s", f"memory: {_SOME}", _SHOW)] = None
    memory_some_10s_percent: Annotated[float | None, gauge("%", f"memory, last 10 s: {_SOME}", _SHOW)] = None
    memory_full_s: Annotated[float | None, counter("s", f"memory: {_FULL}", _SHOW)] = None
    memory_full_10s_percent: Annotated[float | None, gauge("%", f"memory, last 10 s: {_FULL}", _SHOW)] = None
    io_some_s: Annotated[float | None, counter("s", f"I/O: {_SOME}", _SHOW)] = None
    io_some_10s_percent: Annotated[float | None, gauge("%", f"I/O, last 10 s: {_SOME}", _SHOW)] = None
    io_full_s: Annotated[float | None, counter("s", f"I/O: {_FULL}", _SHOW)] = None
    io_full_10s_percent: Annotated[float | None, gauge("%", f"I/O, last 10 s: {_FULL}", _SHOW)] = None
    id: Annotated[int | None, identity("", "tells it from a later group of that name", "cgroup_id()")] = None


def read(root: Root, entities: Collection[str] | None) -> dict[str, CgroupPressure]:
    """By path of the cgroup."""
    tree = cgroups.version_2(root)
    if tree is None:
        raise Unavailable(
            "/sys/fs/cgroup", "pressure is only in cgroup version 2, not mounted here", gone=True
        )
    found: dict[str, CgroupPressure] = {}
    remembered: cgroups.Memory[CgroupPressure] = cgroups.Memory(root, "cgroup_pressure")
    for group in cgroups.groups(root, tree, entities):
        data = cgroups.contents(root, group, "cpu.pressure")
        if data is None:
            # cgroup.pressure may be off for one group; PSI as a whole is off for all.
            if group.top:
                raise Unavailable(
                    f"{group.folder}/cpu.pressure",
                    "the kernel was built or started without PSI (psi=1 starts it)",
                )
            continue
        memory = cgroups.contents(root, group, "memory.pressure")
        io = cgroups.contents(root, group, "io.pressure")
        told = b"\0".join((data, memory or b"", io or b""))
        before = remembered.known(group, told)
        if before is not None:
            found[group.name] = before
            continue
        cpu_some, cpu_full = lines(data)
        memory_some, memory_full = lines(memory)
        io_some, io_full = lines(io)
        record = CgroupPressure(
            cpu_some.total_s,
            cpu_some.avg10,
            cpu_full.total_s,
            cpu_full.avg10,
            memory_some.total_s,
            memory_some.avg10,
            memory_full.total_s,
            memory_full.avg10,
            io_some.total_s,
            io_some.avg10,
            io_full.total_s,
            io_full.avg10,
            group.id,
        )
        found[group.name] = remembered.learn(group, told, record)
    return found


# Only the tree of version 2 has them.
FILES: Mapping[str, tuple[str, str]] = {
    each: (f"{each.partition('_')[0]}.pressure", "")
    for each in CgroupPressure.__struct_fields__
    if each != "id"
}

SOURCE = EntitySource(
    name="cgroup_pressure",
    doc="Pressure stall information of each cgroup.",
    files=(
        "/sys/fs/cgroup/GROUP/cpu.pressure",
        "/sys/fs/cgroup/GROUP/memory.pressure",
        "/sys/fs/cgroup/GROUP/io.pressure",
    ),
    record=CgroupPressure,
    read=read,
    scope="cgroup",
    group_file=FILES.get,
)
