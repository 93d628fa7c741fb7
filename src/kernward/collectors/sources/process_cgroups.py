"""/proc/PID/cgroup: in which cgroup each process is, in the version 2 tree and in each version 1 tree."""

import time
from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import processes

_SHOW = "proc_cgroup_show() in kernel/cgroup/cgroup.c"
OLD_S = 15.0


class ProcessCgroups(msgspec.Struct, frozen=True):
    """`0::/system.slice/nginx.service`, and in version 1 `4:memory:/system.slice/nginx.service`"""

    cgroup: Annotated[
        str | None, fact("path in the version 2 tree; absent when there is no such tree", _SHOW)
    ] = None
    controllers: Annotated[
        Mapping[str, str], fact("path by controller, of controllers in version 1 trees", _SHOW)
    ] = {}
    start_s: Annotated[
        float | None, identity("s", "when the process began", "do_task_stat() in fs/proc/array.c")
    ] = None

    def of(self, controller: str) -> str | None:
        """The group that this controller counts it in."""
        return self.controllers.get(controller, self.cgroup)


def read(root: Root, pids: Collection[str] | None = None) -> dict[str, ProcessCgroups]:
    """By pid; threads of the kernel are left out, since all of them are in the root but for a few."""
    found: dict[str, ProcessCgroups] = {}
    refused: Unavailable | None = None
    before: dict[str, tuple[processes.Process, float, ProcessCgroups]] = root.remembered.get(
        "process_cgroups", {}
    )
    now: dict[str, tuple[processes.Process, float, ProcessCgroups]] = {}
    at_s = time.monotonic()
    for pid, process in processes.known(root).items():
        if process.kernel_thread or pids is not None and pid not in pids:
            continue
        earlier = before.get(pid)
        # One that did nothing since the last sample has the same record, and is in the same group but for a move
        # by somebody else, which is seen a little later.
        if earlier is not None and earlier[0] is process and at_s - earlier[1] < OLD_S:
            now[pid], found[pid] = earlier, earlier[2]
            continue
        try:
            data = root.read(f"/proc/{pid}/cgroup", 1 << 16)
        except Unavailable as error:
            refused = refused if error.gone else error
            continue
        found[pid] = parse(data, process.start_s)
        now[pid] = process, at_s, found[pid]
    if not found and refused:
        raise refused
    if pids is None:
        root.remembered["process_cgroups"] = now
    return found


def parse(data: bytes, start_s: float | None = None) -> ProcessCgroups:
    """The record of a cgroup file."""
    unified: str | None = None
    controllers: dict[str, str] = {}
    for line in data.split(b"\n"):
        number, colon, rest = line.partition(b":")
        names, colon, path = rest.partition(b":")
        if not colon or not path.startswith(b"/"):
            continue
        # A group that was removed while the process is in it, which only a zombie can be.
        name = path.removesuffix(b" (deleted)").decode("utf-8", "backslashreplace")
        if number == b"0" and not names:
            unified = name
        else:
            for each in names.split(b","):
                controllers[each.decode("ascii", "backslashreplace")] = name
    return ProcessCgroups(unified, controllers, start_s)


SOURCE = EntitySource(
    name="process_cgroups",
    doc="The cgroup of each process.",
    files=("/proc/PID/cgroup",),
    record=ProcessCgroups,
    read=read,
    scope="process",
    when="check",
)
