"""Which cgroups are frozen: freezer.state of version 1, cgroup.events and cgroup.freeze of version 2.

Tasks of a frozen group do not run, on purpose. In version 1 they show as D, wherever they slept when they were
frozen, which looks like a hang and is none.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors import cgroups
from kernward.collectors.quantity import fact, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_V1 = "freezer_read() in kernel/cgroup/legacy_freezer.c"
_V2 = "cgroup_events_show() in kernel/cgroup/cgroup.c"


class CgroupFreezer(msgspec.Struct, frozen=True):
    """Of a frozen group; those that are not are left out."""

    frozen: Annotated[bool, fact("its tasks do not run; False while they are being frozen", f"{_V1}; {_V2}")]
    itself: Annotated[
        bool | None, fact("it was told so itself, rather than a group above it", f"{_V1}; {_V2}")
    ] = None
    version: Annotated[int | None, fact("of the tree that it is in", _V1)] = None
    id: Annotated[int | None, identity("", "tells it from a later group of that name", "cgroup_id()")] = None


def read(root: Root, entities: Collection[str] | None = None) -> dict[str, CgroupFreezer]:
    """By path, the groups that are frozen or are being frozen; raises Unavailable without any tree of groups."""
    trees = [each for each in cgroups.hierarchies(root) if each.version == 2 or "freezer" in each.controllers]
    # Of two groups of one name that of version 1 counts, whose tasks look stuck.
    trees.sort(key=lambda each: -each.version)
    if not trees:
        raise Unavailable("/sys/fs/cgroup", "no cgroup hierarchy that can freeze is mounted", gone=True)
    found: dict[str, CgroupFreezer] = {}
    for tree in trees:
        for group in cgroups.groups(root, tree, entities):
            if group.top:
                continue
            if tree.version == 1:
                state = (cgroups.contents(root, group, "freezer.state") or b"").strip()
                if state in (b"FROZEN", b"FREEZING"):
                    itself = cgroups.value(root, group, "freezer.self_freezing")
                    found[group.name] = CgroupFreezer(
                        state == b"FROZEN", None if itself is None else itself != 0, 1, group.id
                    )
            elif cgroups.pairs(cgroups.contents(root, group, "cgroup.events")).get(b"frozen") == b"1":
                itself = cgroups.value(root, group, "cgroup.freeze")
                found[group.name] = CgroupFreezer(True, None if itself is None else itself != 0, 2, group.id)
    return found


SOURCE = EntitySource(
    name="cgroup_freezer",
    doc="Cgroups whose tasks are frozen.",
    files=("/sys/fs/cgroup/GROUP/cgroup.events", "/sys/fs/cgroup/freezer/GROUP/freezer.state"),
    record=CgroupFreezer,
    read=read,
    scope="cgroup",
    when="check",
)
