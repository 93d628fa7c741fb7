"""The process that has a socket, by the socket's inode: links of /proc/PID/fd that say "socket:[812345]".

All processes' open files are looked through until every socket that was asked for is found: milliseconds on
a small machine, a second on one with thousands of processes, so it is read only for sockets that matter.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource


class SocketOwner(msgspec.Struct, frozen=True):
    """The first process found that has it; those that inherited it have it as well."""

    pid: Annotated[int | None, gauge("", "process")] = None
    name: Annotated[str | None, fact("its name", "/proc/PID/comm")] = None


# Links looked at, all processes together: bounds the time on a machine with millions of open files.
MOST = 500_000


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, SocketOwner]:
    """The owners of these sockets; without any asked for, of none."""
    links = {f"socket:[{inode}]": inode for inode in wanted or ()}
    found: dict[str, SocketOwner] = {}
    looked_at = 0
    refused = False
    # The youngest processes last: a server's children inherit its sockets.
    for pid in sorted((each for each in root.names("/proc") if each.isdigit()), key=int):
        if len(found) == len(links) or looked_at > MOST:
            break
        try:
            files = root.names(f"/proc/{pid}/fd")
        except Unavailable as error:
            refused = refused or not error.gone
            continue
        for file in files:
            looked_at += 1
            inode = links.get(root.link(f"/proc/{pid}/fd/{file}") or "")
            if inode is not None and inode not in found:
                found[inode] = SocketOwner(pid=int(pid), name=root.text(f"/proc/{pid}/comm"))
    if links and not found and refused:
        raise Unavailable("/proc/PID/fd", "the open files of other users' processes cannot be read")
    return found


SOURCE = EntitySource(
    name="socket_owners",
    doc="The process that has a socket.",
    files=("/proc/PID/fd",),
    record=SocketOwner,
    read=read,
    scope="other",
    when="asked",
)
