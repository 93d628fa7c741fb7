"""What the whole machine may have of files, inodes, processes and threads, and how much of it is used."""

from typing import Annotated

import msgspec

from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_FILES = "proc_nr_files() in fs/file_table.c"
_FORK = "copy_process() in kernel/fork.c"
# The kernel says "no limit" with the largest number that fits.
_NO_LIMIT = 1 << 60


class KernelLimits(msgspec.Struct, frozen=True):
    """`4672 0 9223372036854775807` of /proc/sys/fs/file-nr, and numbers of /proc/sys/kernel."""

    open_files: Annotated[int | None, gauge("", "open files of all processes", _FILES)] = None
    files_limit: Annotated[
        int | None, gauge("", "fs.file-max; absent: none", "alloc_empty_file() in fs/file_table.c")
    ] = None
    inodes: Annotated[int | None, gauge("", "inodes in memory", "proc_nr_inodes() in fs/inode.c")] = None
    free_inodes: Annotated[int | None, gauge("", "of these, unused", "proc_nr_inodes() in fs/inode.c")] = None
    dentries: Annotated[int | None, gauge("", "names in memory", "proc_nr_dentry() in fs/dcache.c")] = None
    negative_dentries: Annotated[
        int | None, gauge("", "of these, names of what does not exist", "proc_nr_dentry() in fs/dcache.c")
    ] = None
    tasks: Annotated[
        int | None,
        gauge("", "processes and threads, zombies among them", "loadavg_proc_show() in fs/proc/loadavg.c"),
    ] = None
    pid_max: Annotated[
        int | None, gauge("", "ids of tasks are below this", "alloc_pid() in kernel/pid.c")
    ] = None
    threads_max: Annotated[int | None, gauge("", "most tasks there may be", _FORK)] = None
    last_pid: Annotated[
        int | None, gauge("", "the id that was given last", "loadavg_proc_show() in fs/proc/loadavg.c")
    ] = None


def read(root: Root) -> KernelLimits:
    """All that can be read; raises Unavailable when nothing can."""
    files = _numbers(root, "/proc/sys/fs/file-nr", 3)
    inodes = _numbers(root, "/proc/sys/fs/inode-nr", 2)
    dentries = _numbers(root, "/proc/sys/fs/dentry-state", 5)
    tasks, last = _tasks(root)
    found = KernelLimits(
        open_files=files[0],
        files_limit=None if files[2] is None or files[2] >= _NO_LIMIT else files[2],
        inodes=inodes[0],
        free_inodes=inodes[1],
        dentries=dentries[0],
        # A kernel before 5.0 (af0c9af1b3f6) has zeros there.
        negative_dentries=dentries[4],
        tasks=tasks,
        pid_max=_numbers(root, "/proc/sys/kernel/pid_max", 1)[0],
        threads_max=_numbers(root, "/proc/sys/kernel/threads-max", 1)[0],
        last_pid=last,
    )
    if found == KernelLimits():
        raise Unavailable("/proc/sys", "neither files nor tasks are counted in it")
    return found


def _numbers(root: Root, path: str, count: int) -> list[int | None]:
    words = (root.read_or_none(path, 4096) or b"").split()
    found: list[int | None] = [
        int(word) if word.isdigit() and len(word) <= 20 else None for word in words[:count]
    ]
    return found + [None] * (count - len(found))


def _tasks(root: Root) -> tuple[int | None, int | None]:
    words = (root.read_or_none("/proc/loadavg", 4096) or b"").split()
    if len(words) != 5:
        return None, None
    total = words[3].partition(b"/")[2]
    return (
        int(total) if total.isdigit() and len(total) <= 18 else None,
        int(words[4]) if words[4].isdigit() and len(words[4]) <= 18 else None,
    )


_TOLD_BY = {
    **dict.fromkeys(("inodes", "free_inodes"), "/proc/sys/fs/inode-nr"),
    **dict.fromkeys(("dentries", "negative_dentries"), "/proc/sys/fs/dentry-state"),
    **dict.fromkeys(("tasks", "last_pid"), "/proc/loadavg"),
    "pid_max": "/proc/sys/kernel/pid_max",
    "threads_max": "/proc/sys/kernel/threads-max",
}

SOURCE = Source(
    name="kernel_limits",
    doc="Files, inodes, processes and threads of the whole machine, and the limits on them.",
    files=(
        "/proc/sys/fs/file-nr",
        "/proc/sys/fs/inode-nr",
        "/proc/sys/fs/dentry-state",
        "/proc/sys/kernel/pid_max",
        "/proc/sys/kernel/threads-max",
        "/proc/loadavg",
    ),
    record=KernelLimits,
    read=read,
    file_of=_TOLD_BY.get,
)
