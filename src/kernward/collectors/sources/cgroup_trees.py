"""Where the trees of cgroups are mounted: one for each controller of version 1, and that of version 2."""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors import cgroups
from kernward.collectors.quantity import fact
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

# What the tree of version 2 is called here; it has no controller of its own.
VERSION_2 = "version 2"
_MOUNTINFO = "proc_pid_mountinfo() in fs/proc_namespace.c"
_USUAL = "/sys/fs/cgroup"


class CgroupTree(msgspec.Struct, frozen=True):
    """`31 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct`, by controller"""

    mount: Annotated[str, fact("its folder", _MOUNTINFO)]
    prefix: Annotated[str, fact("the group that is mounted there; empty: the root", _MOUNTINFO)] = ""


def read(root: Root, entities: Collection[str] | None = None) -> dict[str, CgroupTree]:
    """By controller; raises Unavailable where none is mounted."""
    found = {
        name: CgroupTree(cgroups.printable(each.mount), cgroups.printable(each.prefix))
        for each in cgroups.hierarchies(root)
        for name in (sorted(each.controllers) or (VERSION_2,))
        if entities is None or name in entities
    }
    if not found:
        raise Unavailable(_USUAL, "no cgroup hierarchy is mounted", gone=True)
    return found


def path(trees: Mapping[str, CgroupTree], group: str, version_2: str, version_1: str) -> str:
    """The file of a group, by its name in either version; a controller is where a tree of version 1 has it.

    Where the trees are not known, that of version 2 is taken to be where it usually is.
    """
    controller = version_1.partition(".")[0]
    tree, file = trees.get(controller), version_1
    if tree is None and version_2:
        tree, file = trees.get(VERSION_2), version_2
    if tree is None:
        tree = CgroupTree(_USUAL if version_2 else f"{_USUAL}/{controller}")
    below = group.removeprefix(tree.prefix).rstrip("/")
    return f"{tree.mount}{below}/{file}"


SOURCE = EntitySource(
    name="cgroup_trees",
    doc="Where the trees of cgroups are mounted.",
    files=("/proc/self/mountinfo",),
    record=CgroupTree,
    read=read,
    scope="other",
    when="check",
)
