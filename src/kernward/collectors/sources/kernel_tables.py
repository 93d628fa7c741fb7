"""Tables of the kernel that have room for so many of a kind and no more: how many there are of each.

Asynchronous I/O, pseudo-terminals, and System V's shared memory, semaphores and message queues (those of the
IPC namespace of whoever looks).
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_KERNEL = "fs/aio.c, drivers/tty/pty.c, ipc/"
# Longer lists than this are counted no further.
_LIST_BYTES = 8 << 20


class KernelTable(msgspec.Struct, frozen=True):
    """One of them."""

    used: Annotated[int, gauge("", "how many there are", _KERNEL)]
    limit: Annotated[int, gauge("", "how many there may be", _KERNEL)]
    setting: Annotated[str, fact("the setting that limits them", _KERNEL)]
    error: Annotated[str, fact("what whoever wants one more gets", _KERNEL)]


# Name, file that counts them (a list has a heading, and a line for each), file of the limit, which word of it.
_TABLES = (
    (
        "asynchronous I/O requests",
        "/proc/sys/fs/aio-nr",
        "/proc/sys/fs/aio-max-nr",
        0,
        "io_setup() gives EAGAIN",
    ),
    (
        "pseudo-terminals",
        "/proc/sys/kernel/pty/nr",
        "/proc/sys/kernel/pty/max",
        0,
        "opening /dev/ptmx gives ENOSPC",
    ),
    ("shared memory segments", "/proc/sysvipc/shm", "/proc/sys/kernel/shmmni", 0, "shmget() gives ENOSPC"),
    ("semaphore sets", "/proc/sysvipc/sem", "/proc/sys/kernel/sem", 3, "semget() gives ENOSPC"),
    ("message queues", "/proc/sysvipc/msg", "/proc/sys/kernel/msgmni", 0, "msgget() gives ENOSPC"),
)


def read(root: Root, entities: Collection[str] | None = None) -> dict[str, KernelTable]:
    """By name of what is in it; raises Unavailable when none can be read."""
    found: dict[str, KernelTable] = {}
    for name, counted, limited, word, error in _TABLES:
        if entities is not None and name not in entities:
            continue
        try:
            data = root.read(counted, _LIST_BYTES)
            words = root.read(limited, 4096).split()
            used = data.count(b"\n") - 1 if "sysvipc" in counted else int(data)
            limit = int(words[word])
        except (Unavailable, ValueError, IndexError):
            continue
        if 0 <= used < 1 << 62 and 0 < limit < 1 << 62:
            found[name] = KernelTable(used, limit, limited, error)
    if not found:
        raise Unavailable("/proc/sys", "it tells the room of no table", gone=True)
    return found


SOURCE = EntitySource(
    name="kernel_tables",
    doc="How full tables of the kernel are that have a limit of their own.",
    files=(
        "/proc/sys/fs/aio-nr",
        "/proc/sys/kernel/pty/nr",
        "/proc/sysvipc/shm",
        "/proc/sysvipc/sem",
        "/proc/sysvipc/msg",
    ),
    record=KernelTable,
    read=read,
    scope="other",
    when="check",
)
