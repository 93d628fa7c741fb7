"""Which scopes belong together: whether what happens in one can be felt in the other.

A cause brings about only what is related to it: the same scope, a group that contains the other, a process
in a group, a file system on a device, a device below a device. What the window does not tell (the group of a
process that nobody read) counts as related: a cause that is declared to bring something about is then
believed.
"""

import re
from collections.abc import Iterable

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
        if one.kind == other.kind:
            return _SAME_KIND.get(one.kind, _never)(one.name, other.name)
        return True

    def any_related(self, one: Scope, others: Iterable[Scope]) -> bool:
        """Whether one of the others is related to it."""
        return any(self.related(one, other) for other in others)


def contains(cgroup: str, other: str) -> bool:
    """Whether a cgroup is the other one or has it below it."""
    top = cgroup.rstrip("/")
    return other == cgroup or other.startswith(top + "/")


def pid(process: str) -> str | None:
    """The pid of `comm[pid]`; the comm may hold anything, brackets too."""
    found = _PID.search(process)
    return found[1] if found else None


def _groups(one: str, other: str) -> bool:
    return contains(one, other) or contains(other, one)


def _processes(one: str, other: str) -> bool:
    return pid(one) is not None and pid(one) == pid(other)


def _devices(one: str, other: str) -> bool:
    return _disk(one) == other or _disk(other) == one


def _disk(name: str) -> str | None:
    found = _PARTITION.match(name)
    return found and (found["disk"] or found["numbered"])


def _never(one: str, other: str) -> bool:
    return False


_SAME_KIND = {"cgroup": _groups, "process": _processes, "device": _devices}
