"""/proc/PID/fd and /proc/PID/limits: how many files each process has open, and how many it may.

Since 6.2 (f1f1f2569901) the size of the folder fd is the number of open files. Before that the folder has
to be listed, which for a large table is done only where its limit could be near.
Threads of the kernel have no files and are left out; a stranger's files can be counted by root only.
"""

import os
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Annotated, NamedTuple

import msgspec

from kernward.collectors.quantity import fact, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import processes

_LIMITS = "proc_pid_limits() in fs/proc/base.c"
# Larger tables are listed only where this part of the limit may be used.
_NEAR = 0.7
_SMALL = 4096
# Limits of a process that lives are read again after so long.
OLD_S = 15.0


class ProcessFiles(msgspec.Struct, frozen=True):
    """`Max open files            1024                 524288               files`"""

    open_files: Annotated[
        int | None,
        gauge(
            "", "open files; absent where only the table's size is known", "proc_fd_getattr() in fs/proc/fd.c"
        ),
    ] = None
    table_size: Annotated[
        int | None,
        gauge(
            "", "room in its table of files, which never shrinks", "FDSize in task_state(), fs/proc/array.c"
        ),
    ] = None
    limit: Annotated[int | None, gauge("", "RLIMIT_NOFILE; absent: none", _LIMITS)] = None
    hard_limit: Annotated[int | None, gauge("", "to which it may raise that itself", _LIMITS)] = None
    tasks_limit: Annotated[
        int | None, gauge("", "RLIMIT_NPROC, on all tasks of its user; absent: none", _LIMITS)
    ] = None
    user: Annotated[
        int | None,
        fact("effective user id; 0 as well of what may not be dumped", "task_dump_owner() in fs/proc/base.c"),
    ] = None
    start_s: Annotated[
        float | None, identity("s", "when the process began", "do_task_stat() in fs/proc/array.c")
    ] = None


def read(root: Root, pids: Collection[str] | None = None) -> dict[str, ProcessFiles]:
    """By pid."""
    everybody = processes.known(root)
    before: dict[str, Settings] = root.remembered.get("process_files", {})
    now: dict[str, Settings] = {}
    at_s = time.monotonic()
    found: dict[str, ProcessFiles] = {}
    refused: Unavailable | None = None
    for pid, process in everybody.items():
        if process.kernel_thread or process.state == "Z" or pids is not None and pid not in pids:
            continue
        try:
            settings = before.get(pid)
            if settings is None or settings.start_s != process.start_s or at_s - settings.at_s > OLD_S:
                settings = _settings(root, pid, process.start_s, at_s)
            found[pid] = _of(root, pid, settings)
        except Unavailable as error:
            refused = refused if error.gone else error
            continue
        now[pid] = settings
    if not found and refused:
        raise refused
    if pids is None:
        root.remembered["process_files"] = now
    return found


class Settings(NamedTuple):
    """What hardly ever changes while a process lives, and costs more to read than how many files are open."""

    at_s: float
    start_s: float
    limit: int | None
    hard_limit: int | None
    tasks_limit: int | None
    user: int | None


def _settings(root: Root, pid: str, start_s: float, at_s: float) -> Settings:
    limits = _limits(root.read(f"/proc/{pid}/limits", 8192))
    soft, hard = limits.get(b"open files", (None, None))
    return Settings(at_s, start_s, soft, hard, limits.get(b"processes", (None, None))[0], _user(root, pid))


def _of(root: Root, pid: str, settings: Settings) -> ProcessFiles:
    limit = settings.limit
    size = None
    count = _size(root, pid)
    if not count:
        size = _table_size(root.read(f"/proc/{pid}/status", 8192))
        if size is None or size <= _SMALL or limit is not None and size >= _NEAR * limit:
            # A stranger's files are for root, their limit is for all.
            with suppress(Unavailable):
                count = len(root.names(f"/proc/{pid}/fd"))
    return ProcessFiles(
        open_files=count,
        table_size=size,
        limit=limit,
        hard_limit=settings.hard_limit,
        tasks_limit=settings.tasks_limit,
        user=settings.user,
        start_s=settings.start_s,
    )


def _size(root: Root, pid: str) -> int | None:
    """What the folder's size says; None before 6.2, where it is 0, and in a copied tree."""
    if not root.live:
        return None
    try:
        return os.stat(f"/proc/{pid}/fd").st_size or None
    except OSError:
        return None


def _user(root: Root, pid: str) -> int | None:
    """Whose folder it is; the files of a copied tree belong to whoever copied it."""
    if not root.live:
        return None
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def _table_size(status: bytes) -> int | None:
    begin = status.find(b"\nFDSize:")
    try:
        return int(status[begin + 8 : begin + 40].split(b"\n", 1)[0]) if begin >= 0 else None
    except ValueError:
        return None


def _limits(data: bytes) -> dict[bytes, tuple[int | None, int | None]]:
    """Soft and hard limit by name; None for unlimited."""
    found: dict[bytes, tuple[int | None, int | None]] = {}
    for line in data.splitlines():
        # `Max %-25s %-20s %-20s %-10s`: names hold blanks, so columns count.
        if line.startswith(b"Max "):
            words = line[26:].split()
            if len(words) >= 2:
                found[line[4:26].strip()] = (_number(words[0]), _number(words[1]))
    return found


def _number(word: bytes) -> int | None:
    return int(word) if word.isdigit() and len(word) <= 18 else None


_FILES = {
    **dict.fromkeys(("limit", "hard_limit", "tasks_limit"), "/proc/PID/limits"),
    "table_size": "/proc/PID/status",
}

SOURCE = EntitySource(
    name="process_files",
    doc="Open files of each process and the limit on them.",
    files=("/proc/PID/fd", "/proc/PID/limits", "/proc/PID/status"),
    record=ProcessFiles,
    read=read,
    file_of=_FILES.get,
    scope="process",
    when="check",
)
