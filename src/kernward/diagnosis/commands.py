"""Commands of a finding, with the names of what it is about, so that they can be pasted as they stand.

Hypotheses write PID, DEVICE, IFACE, MOUNTPOINT, UNIT and GROUP (below the cgroup mount of version 2). A name that
a shell would not take as one plain word may be somebody's trap: then the placeholder stays.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from kernward.collectors.sources import cgroup_cpu
from kernward.collectors.window import Window
from kernward.diagnosis.kinship import pid
from kernward.records.check import Action, Finding

_PLAIN = re.compile(r"(?!-)[\w@:.,+/-]+", re.ASCII)
_UNIT = re.compile(r"[\w@:.-]+\.(service|scope|slice)", re.ASCII)
_PLACEHOLDER = re.compile(r"\b(?:PID|DEVICE|IFACE|MOUNTPOINT|UNIT|GROUP)\b")
# What does the same in version 1, whose controllers are mounted each by itself (Documentation/admin-guide/cgroup-v1).
VERSION_1 = {
    "echo 'max 100000' > /sys/fs/cgroup/GROUP/cpu.max": "echo -1 > /sys/fs/cgroup/cpu/GROUP/cpu.cfs_quota_us",
    "/sys/fs/cgroup/GROUP/cpu.max.burst": "/sys/fs/cgroup/cpu/GROUP/cpu.cfs_burst_us",
    "/sys/fs/cgroup/GROUP/memory.high": "/sys/fs/cgroup/memory/GROUP/memory.limit_in_bytes",
    "/sys/fs/cgroup/GROUP/memory.max": "/sys/fs/cgroup/memory/GROUP/memory.limit_in_bytes",
    "/sys/fs/cgroup/GROUP/pids.max": "/sys/fs/cgroup/pids/GROUP/pids.max",
    "echo 'MAJ:MIN rbps=max wbps=max riops=max wiops=max' > /sys/fs/cgroup/GROUP/io.max": (
        "for limit in /sys/fs/cgroup/blkio/GROUP/blkio.throttle.*_device; do echo 'MAJ:MIN 0' > $limit; done"
    ),
    "echo 'MAJ:MIN riops=100' > /sys/fs/cgroup/GROUP/io.max": (
        "echo 'MAJ:MIN 100' > /sys/fs/cgroup/blkio/GROUP/blkio.throttle.read_iops_device"
    ),
    "echo 0 > /sys/fs/cgroup/GROUP/cgroup.freeze": "echo THAWED > /sys/fs/cgroup/freezer/GROUP/freezer.state",
}


def named(finding: Finding, window: Window) -> tuple[Action, ...]:
    """The finding's actions, their commands about what it is about; for version 1 where the cgroups are of it."""
    names = {word: name for word, name in _names(finding) if _PLAIN.fullmatch(name)}
    older = VERSION_1 if _version_1(window) else {}
    return tuple(
        msgspec.structs.replace(each, command=_filled(each.command, names, older)) if each.command else each
        for each in finding.actions
    )


def _filled(command: str, names: Mapping[str, str], older: Mapping[str, str]) -> str:
    for newer, same in older.items():
        command = command.replace(newer, same)
    return _PLACEHOLDER.sub(lambda found: names.get(found[0], found[0]), command)


def _version_1(window: Window) -> bool:
    """Only version 1 counts shares. Machines mount all controllers in one version, or nearly all."""
    return any(each.shares is not None for each in window.each(cgroup_cpu.SOURCE).values())


def _names(finding: Finding) -> Iterator[tuple[str, str]]:
    scope = finding.scope
    match scope.kind:
        case "process":
            yield "PID", pid(scope.name) or ""
        case "device":
            yield "DEVICE", scope.name
        case "interface":
            yield "IFACE", scope.name
        case "cgroup":
            yield "GROUP", scope.name.strip("/")
            unit = scope.name.rpartition("/")[2]
            if _UNIT.fullmatch(unit):
                yield "UNIT", unit
    places = {each.name for each in (scope, *finding.victims) if each.kind == "filesystem"}
    if len(places) == 1:
        yield "MOUNTPOINT", places.pop()
