"""/proc/locks: locks on files, and who waits for one."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import Source

_SHOW = "locks_show() in fs/locks.c"
_MOST = 20


class FileLocks(msgspec.Struct, frozen=True):
    """`3: FLOCK  ADVISORY  WRITE 812 fe:00:131 0 EOF`; a waiter's line has `->` behind the number."""

    held: Annotated[int, gauge("", "locks that are held", _SHOW)] = 0
    waiting: Annotated[int, gauge("", "tasks that wait for one", _SHOW)] = 0
    holders: Annotated[
        tuple[str, ...], fact("pids of those that hold what others wait for, the most wanted first", _SHOW)
    ] = ()
    wanted: Annotated[str | None, fact("device and inode of the file most wait for", _SHOW)] = None


def read(root: Root) -> FileLocks:
    """The locks of this pid namespace; raises Unavailable."""
    held = waiting = 0
    holder = file = ""
    waiters: dict[tuple[str, str], int] = {}
    for line in root.read("/proc/locks").split(b"\n"):
        words = line.split()
        waits = len(words) > 1 and words[1] == b"->"
        rest = words[2:] if waits else words[1:]
        # FLOCK ADVISORY WRITE pid device:inode start end
        if len(rest) < 7:
            continue
        if waits:
            waiting += 1
            if holder:
                waiters[holder, file] = waiters.get((holder, file), 0) + 1
        else:
            held += 1
            holder = rest[3].decode("ascii", "backslashreplace")[:20]
            file = rest[4].decode("ascii", "backslashreplace")[:60]
    most = sorted(waiters, key=lambda each: -waiters[each])
    return FileLocks(
        held=held,
        waiting=waiting,
        holders=tuple(dict.fromkeys(holder for holder, _ in most[:_MOST])),
        wanted=most[0][1] if most else None,
    )


SOURCE = Source(
    name="file_locks",
    doc="Locks on files, and how many tasks wait for one.",
    files=("/proc/locks",),
    record=FileLocks,
    read=read,
    when="check",
    waits="each CPU has to pass a quiescent state of RCU first, and that does not come to an end",
)
