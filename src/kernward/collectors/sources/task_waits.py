"""What tasks wait for: those that are uninterruptible (state D), and threads that queue for one futex.

Only processes in which something of the kind waits are told. The threads of a process are looked at when
it has several; a process's main thread is looked at when its state is D. Threads beyond a bound are not
looked at, and `missing` says so.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Annotated

import msgspec

from kernward.collectors import task_files
from kernward.collectors.quantity import fact, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import processes

_STAT = "do_task_stat() in fs/proc/array.c"
_SYSCALL = "proc_pid_syscall() in fs/proc/base.c"
# A thread costs some 4 us to look at.
MOST_THREADS = 6000
MOST_THREADS_OF_ONE = 600
MOST_BLOCKED = 60
# A process or two that nobody may trace are no gap.
HIDDEN = 0.3


class BlockedTask(msgspec.Struct, frozen=True):
    """A task in state D. `turns` is how often it got a CPU; while that stays the same it has not run."""

    task: str
    comm: str
    wait: str | None = None
    stack: tuple[str, ...] = ()
    turns: int | None = None
    # Modules that have functions in the stack, the innermost first.
    modules: tuple[str, ...] = ()


class TaskWaits(msgspec.Struct, frozen=True):
    """Of one process: how many of its threads wait uninterruptibly, how many for one futex."""

    comm: Annotated[str, fact("its name", "proc_task_name() in fs/proc/array.c")]
    threads: Annotated[int, gauge("", "threads that were looked at", _STAT)] = 0
    blocked: Annotated[int, gauge("", "threads in state D", _STAT)] = 0
    blocked_tasks: Annotated[
        tuple[BlockedTask, ...], fact("these, and where they wait; at most 60", _STAT)
    ] = ()
    futex_waits: Annotated[int | None, gauge("", "threads that sleep in a futex call", _SYSCALL)] = None
    futex_same: Annotated[int | None, gauge("", "of these, most that wait at one address", _SYSCALL)] = None
    futex_address: Annotated[str | None, fact("that address", _SYSCALL)] = None
    futex_lock: Annotated[
        bool | None,
        fact("whether they wait as for a taken lock: FUTEX_WAIT for the value 2, or FUTEX_LOCK_PI", _SYSCALL),
    ] = None
    start_s: Annotated[float | None, identity("s", "when the process began", _STAT)] = None


def read(root: Root, pids: Collection[str] | None = None) -> dict[str, TaskWaits]:
    """By pid, those in which something waits."""
    found: dict[str, TaskWaits] = {}
    left = MOST_THREADS
    # Of how many threads the system call was shown, and of how many not.
    shown = Counter[bool]()
    for pid, process in processes.known(root).items():
        several = (process.threads or 1) > 1 and not process.kernel_thread
        if pids is not None and pid not in pids or not several and process.state != "D":
            continue
        folders = [f"/proc/{pid}"]
        if several:
            try:
                names = root.names(f"/proc/{pid}/task")
            except Unavailable:
                continue
            folders = [f"/proc/{pid}/task/{each}" for each in names if processes.is_pid(each)]
            folders = folders[: max(0, min(left, MOST_THREADS_OF_ONE))]
            left -= len(folders)
            if len(folders) < len(names):
                root.missing["/proc/PID/task"] = "not all threads of processes with very many were looked at"
        record = _of(root, process, folders, shown)
        if record.blocked or record.futex_waits:
            found[pid] = record
    if shown[False] > HIDDEN * shown.total():
        root.missing[task_files.SYSCALL] = (
            f"what {shown[False]} of {shown.total()} threads wait for is shown only to whoever may trace them"
        )
    return found


def _of(root: Root, process: processes.Process, folders: list[str], shown: Counter[bool]) -> TaskWaits:
    blocked: list[BlockedTask] = []
    waits: Counter[tuple[int, int, int]] = Counter()
    states = list(_states(root, folders))
    for folder, comm, state in states:
        if state == "D":
            blocked.append(_blocked(root, folder, comm, deep=len(blocked) < MOST_BLOCKED))
        elif state == "S" and len(states) > 1:
            words = task_files.call(root, folder)
            shown[words is not None] += 1
            wait = task_files.futex_wait(words or [])
            if wait is not None:
                waits[wait] += 1
    by_address: Counter[int] = Counter()
    for (address, _, _), count in waits.items():
        by_address[address] += count
    where = max(by_address, key=by_address.__getitem__, default=None)
    return TaskWaits(
        comm=process.comm,
        threads=len(states),
        blocked=len(blocked),
        blocked_tasks=tuple(blocked[:MOST_BLOCKED]),
        futex_waits=waits.total() or None,
        futex_same=None if where is None else by_address[where],
        futex_address=None if where is None else f"{where:#x}",
        futex_lock=None
        if where is None
        else all(_is_lock(operation, value) for at, operation, value in waits if at == where),
        start_s=process.start_s,
    )


def _states(root: Root, folders: list[str]) -> Iterator[tuple[str, str, str]]:
    for folder in folders:
        try:
            data = root.read(f"{folder}/stat", 8192)
        except Unavailable:
            continue
        begin, end = data.find(b"("), data.rfind(b")")
        if 0 <= begin < end and len(data) > end + 2:
            comm = data[begin + 1 : end].decode("utf-8", "backslashreplace")
            yield folder, comm, data[end + 2 : end + 3].decode("ascii", "replace")


def _blocked(root: Root, folder: str, comm: str, *, deep: bool) -> BlockedTask:
    task = folder.rpartition("/")[2]
    if not deep:
        return BlockedTask(task, comm)
    turns: int | None = None
    try:
        words = root.read(f"{folder}/schedstat", 4096).split()
        if len(words) == 3 and words[2].isdigit() and len(words[2]) <= 18:
            turns = int(words[2])
    except Unavailable:
        pass
    stack, modules = task_files.stack(root, folder)
    return BlockedTask(task, comm, task_files.waits_in(root, folder), stack, turns, modules)


def _is_lock(operation: int, value: int) -> bool:
    # glibc's and Rust's mutexes say 2 for "taken, and somebody waits" (nptl/lowlevellock.h); condition
    # variables, semaphores and barriers wait for other values, or with FUTEX_WAIT_BITSET (9).
    return operation in (6, 13) or operation == 0 and (value == 2 or value & 0x80000000 != 0)


SOURCE = EntitySource(
    name="task_waits",
    doc="Tasks that wait uninterruptibly, and threads that queue for one futex, by process.",
    files=("/proc/PID/task/TID/stat", "/proc/PID/task/TID/syscall", "/proc/PID/task/TID/stack"),
    record=TaskWaits,
    read=read,
    scope="process",
    when="check",
)
