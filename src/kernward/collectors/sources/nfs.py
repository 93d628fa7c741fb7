"""/proc/self/mountstats: requests to the server of each NFS mount, and how long it takes to answer.

Counters come from the RPC client, so that reading them asks no server and never waits.
"""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import mounts

_PATHS = ("/proc/self/mountstats", "/proc/1/mountstats")
_SHOW = "rpc_clnt_show_stats() in net/sunrpc/stats.c"
_TRANSPORT = "xs_tcp_print_stats() in net/sunrpc/xprtsock.c"


class Nfs(msgspec.Struct, frozen=True):
    """All kinds of request together."""

    server: Annotated[str | None, fact("server and path", "nfs_show_stats() in fs/nfs/super.c")] = None
    requests: Annotated[int | None, counter("", "requests that were answered or given up", _SHOW)] = None
    transmissions: Annotated[int | None, counter("", "how often they were sent", _SHOW)] = None
    timeouts: Annotated[
        int | None, counter("", "major time-outs, after which the client begins anew", _SHOW)
    ] = None
    queued_ms: Annotated[
        int | None, counter("ms", "time that requests waited before they were sent", _SHOW)
    ] = None
    answered_ms: Annotated[int | None, counter("ms", "time from sending to the answer", _SHOW)] = None
    total_ms: Annotated[int | None, counter("ms", "time from the call to its end", _SHOW)] = None
    sent: Annotated[int | None, counter("", "messages the transport has sent", _TRANSPORT)] = None
    received: Annotated[int | None, counter("", "messages the transport has received", _TRANSPORT)] = None


def read(root: Root, points: Collection[str] | None) -> Mapping[str, Nfs]:
    """All NFS mounts; raises Unavailable where there is no such file."""
    found: dict[str, Nfs] = {}
    for device, point, lines in _mounts(_read(root)):
        if points is None or point in points:
            found[point] = _record(device, lines)
    return found


def _read(root: Root) -> bytes:
    try:
        return root.read(_PATHS[0])
    except Unavailable:
        return root.read(_PATHS[1])


def _mounts(data: bytes) -> list[tuple[str, str, list[list[bytes]]]]:
    """Each NFS mount's server, mount point, and the words of its lines."""
    found: list[tuple[str, str, list[list[bytes]]]] = []
    ours = False
    for line in data.splitlines():
        words = line.split()
        # device SERVER:/PATH mounted on /MOUNT/POINT with fstype nfs4 statvers=1.1
        if words[:1] == [b"device"] and words[2:4] == [b"mounted", b"on"] and len(words) >= 8:
            ours = words[7] in (b"nfs", b"nfs4")
            if ours:
                found.append((mounts.unescaped(words[1]), mounts.unescaped(words[4]), []))
        elif ours and words:
            found[-1][2].append(words)
    return found


def _record(server: str, lines: list[list[bytes]]) -> Nfs:
    sums: list[int] | None = None
    sent = received = None
    for words in lines:
        numbers = _numbers(words[2:] if words[0] == b"xprt:" else words[1:])
        if words[:1] == [b"per-op"]:
            sums = [0] * 6
        elif words[0] == b"xprt:" and words[1:2] in ([b"tcp"], [b"rdma"]) and len(numbers) >= 7:
            # xprt: tcp PORT BINDS CONNECTS CONNECT-TIME IDLE-TIME SENT RECEIVED …, a line for each connection
            sent, received = (sent or 0) + numbers[5], (received or 0) + numbers[6]
        elif sums is not None and words[0].endswith(b":") and len(numbers) >= 8:
            # requests, transmissions, time-outs, bytes sent, bytes received, and ms: queued, answered, total
            for place, value in enumerate((*numbers[:3], *numbers[5:8])):
                sums[place] += value
    if sums is None:
        return Nfs(server, sent=sent, received=received)
    requests, transmissions, timeouts, queued, answered, total = sums
    return Nfs(server, requests, transmissions, timeouts, queued, answered, total, sent, received)


def _numbers(words: list[bytes]) -> list[int]:
    try:
        return [int(each) for each in words]
    except ValueError:
        return []


SOURCE = EntitySource(
    name="nfs",
    doc="Requests to the server of each NFS mount, and how long it takes to answer.",
    files=("/proc/self/mountstats",),
    record=Nfs,
    read=read,
    scope="filesystem",
    when="check",
)
