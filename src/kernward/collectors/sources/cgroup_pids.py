"""Tasks of each cgroup, the limit on them, and how often it was met."""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors import cgroups
from kernward.collectors.quantity import counter, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_FILE = "kernel/cgroup/pids.c"


class CgroupPids(msgspec.Struct, frozen=True):
    """pids.current, pids.max, pids.peak and pids.events.local; version 1 has the same files."""

    tasks: Annotated[int | None, gauge("", "processes and threads of it and all below", _FILE)] = None
    limit: Annotated[
        int | None, gauge("", "how many it may have; absent: no limit", f"pids_try_charge() in {_FILE}")
    ] = None
    peak: Annotated[int | None, gauge("", "most it has had (since 6.1)", _FILE)] = None
    limit_hits: Annotated[
        int | None,
        counter("", "forks that this group's limit refused", f"pids_can_fork() in {_FILE}"),
    ] = None
    id: Annotated[int | None, identity("", "tells it from a later group of that name", "cgroup_id()")] = None


def read(root: Root, entities: Collection[str] | None) -> dict[str, CgroupPids]:
    """By path of the cgroup; the root has no count."""
    tree = cgroups.hierarchy(root, "pids")
    if tree is None:
        raise Unavailable("/sys/fs/cgroup", "no cgroup hierarchy with pids is mounted", gone=True)
    found: dict[str, CgroupPids] = {}
    memory: cgroups.Memory[CgroupPids] = cgroups.Memory(root, "cgroup_pids")
    for group in cgroups.groups(root, tree, entities):
        if group.top:
            continue
        # Neither a fork nor an exit is possible without running.
        before = memory.known(group, b"") if tree.version == 2 and cgroups.is_idle(root, group) else None
        if before is not None:
            found[group.name] = before
            continue
        tasks = cgroups.value(root, group, "pids.current")
        if tasks is None:
            continue
        # Before 6.11 pids.events counted, at the group of the fork, refusals of any limit above it as well.
        local = cgroups.contents(root, group, "pids.events.local")
        events = cgroups.pairs(local if local is not None else cgroups.contents(root, group, "pids.events"))
        record = CgroupPids(
            tasks=tasks,
            limit=cgroups.value(root, group, "pids.max"),
            peak=cgroups.value(root, group, "pids.peak"),
            limit_hits=cgroups.whole(events, b"max"),
            id=group.id,
        )
        found[group.name] = memory.learn(group, b"", record)
    return found


FILES: Mapping[str, tuple[str, str]] = {
    "tasks": ("pids.current", "pids.current"),
    "limit": ("pids.max", "pids.max"),
    "peak": ("pids.peak", "pids.peak"),
    "limit_hits": ("pids.events.local", "pids.events"),
}

SOURCE = EntitySource(
    name="cgroup_pids",
    doc="Tasks of each cgroup and the limit on them.",
    files=(
        "/sys/fs/cgroup/GROUP/pids.current",
        "/sys/fs/cgroup/GROUP/pids.max",
        "/sys/fs/cgroup/GROUP/pids.events.local",
    ),
    record=CgroupPids,
    read=read,
    scope="cgroup",
    group_file=FILES.get,
)
