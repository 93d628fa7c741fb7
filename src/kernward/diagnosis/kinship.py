"""Which scopes belong together: whether what happens in one can be felt in the other.

A cause brings about only what is related to it: the same scope, a group that contains the other, a process
in a group, a file system on a device, a device below a device. What the window does not tell (the group of a
process that nobody read) counts as related: a cause that is declared to bring something about is then
believed.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import ClassVar

from kernward.collectors.sources import block, mounts, process_cgroups, swaps
from kernward.collectors.window import Window
from kernward.records.check import Scope

_PID = re.compile(r"\[(\d{1,10})\]\Z")
# The disk of vda1, sdb12; of nvme0n1p2, mmcblk0p1, loop0p1 the digits before the p belong to the name.
_PARTITION = re.compile(r"(?:(?P<disk>[a-z]*[a-z])\d+|(?P<numbered>[a-z]+\d+(?:n\d+)?)p\d+)\Z")


class Kinship:
    """The relations that a window tells. Looked up when they are asked for."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def related(self, one: Scope, other: Scope) -> bool:
        """Whether what happens in one of them can be felt in the other."""
        if one == other or "host" in (one.kind, other.kind):
            return True
        if (one.kind, other.kind) not in self._BY_KINDS:
            one, other = other, one
        decide = self._BY_KINDS.get((one.kind, other.kind))
        if decide is not None:
            return decide(self, one.name, other.name)
        # Two CPUs or two interfaces are two; of different kinds nothing is known here.
        return one.kind != other.kind

    def any_related(self, one: Scope, others: Iterable[Scope]) -> bool:
        """Whether one of the others is related to it."""
        return any(self.related(one, other) for other in others)

    @cached_property
    def swap_devices(self) -> tuple[Scope, ...] | None:
        """The devices that are swapped to; None where there are none, or where a file is swapped to."""
        areas = self._window.each(swaps.SOURCE)
        if not areas or any(each.kind != "partition" for each in areas.values()):
            return None
        return tuple(Scope("device", self._device(name)) for name in areas)

    def _groups(self, one: str, other: str) -> bool:
        return contains(one, other) or contains(other, one)

    def _processes(self, one: str, other: str) -> bool:
        return pid(one) is not None and pid(one) == pid(other)

    def _process_in_group(self, process: str, group: str) -> bool:
        known = self._window.each(process_cgroups.SOURCE).get(pid(process) or "")
        if known is None:
            return True
        groups = {*known.controllers.values(), *([known.cgroup] if known.cgroup is not None else [])}
        # A group that lies below the process's own says nothing of the process.
        return not groups or any(contains(group, each) for each in groups)

    def _devices(self, one: str, other: str) -> bool:
        return other in self._below(one) or one in self._below(other)

    def _filesystem_on_device(self, point: str, device: str) -> bool:
        mount = self._window.each(mounts.SOURCE).get(point)
        if mount is None or mount.source is None or not mount.source.startswith("/dev/"):
            # One of a server has no device; of one that is not known anything may be.
            return mount is None
        return self._devices(self._device(mount.source), device)

    def _device(self, file: str) -> str:
        """vda1 for /dev/vda1, dm-0 for /dev/mapper/root."""
        name = file.rpartition("/")[2]
        mapped = (
            device
            for device, each in self._window.each(block.SOURCE).items()
            if each.mapped_name == name and each.mapped_name
        )
        return next(mapped, name)

    def _below(self, device: str) -> set[str]:
        """The device and all that it lies on."""
        known = self._window.each(block.SOURCE)
        found: set[str] = set()
        waiting = [device]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            disk = _disk(name)
            if disk is not None and name not in known:
                waiting.append(disk)
            if name in known:
                waiting.extend(known[name].lies_on)
        return found

    _BY_KINDS: ClassVar[Mapping[tuple[str, str], Callable[["Kinship", str, str], bool]]] = {
        ("cgroup", "cgroup"): _groups,
        ("process", "process"): _processes,
        ("process", "cgroup"): _process_in_group,
        ("device", "device"): _devices,
        ("filesystem", "device"): _filesystem_on_device,
    }


def contains(cgroup: str, other: str) -> bool:
    """Whether a cgroup is the other one or has it below it."""
    top = cgroup.rstrip("/")
    return other == cgroup or other.startswith(top + "/")


def pid(process: str) -> str | None:
    """The pid of `comm[pid]`; the comm may hold anything, brackets too."""
    found = _PID.search(process)
    return found[1] if found else None


def _disk(name: str) -> str | None:
    found = _PARTITION.match(name)
    return found and (found["disk"] or found["numbered"])
