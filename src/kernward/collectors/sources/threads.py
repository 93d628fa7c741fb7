"""/proc/PID/task/TID: the threads of the processes that a check asks for, each by itself.

An entity is pid/tid. What a process's stat sums up is told apart here: which thread computes, which waits
for a CPU, which sleeps, and where.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors import task_files
from kernward.collectors.quantity import counter, fact, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import process_status, processes

_STAT = "do_task_stat() in fs/proc/array.c"
_SCHEDSTAT = "proc_pid_schedstat() in fs/proc/base.c"
_SWITCHES = "task_context_switch_counts() in fs/proc/array.c"
MOST = 2000


class Thread(msgspec.Struct, frozen=True):
    """One thread."""

    comm: Annotated[str, fact("its name, which may differ from the process's", _STAT)]
    state: Annotated[str, fact("R running or runnable, S asleep, D uninterruptible", _STAT)]
    start_s: Annotated[float, identity("s", "when it began, since boot", _STAT)]
    user_s: Annotated[float | None, counter("s", "processor time in user space", _STAT)] = None
    system_s: Annotated[float | None, counter("s", "processor time in the kernel", _STAT)] = None
    ran_s: Annotated[float | None, counter("s", "it ran", _SCHEDSTAT)] = None
    waited_s: Annotated[float | None, counter("s", "it was runnable and waited for a CPU", _SCHEDSTAT)] = None
    major_faults: Annotated[int | None, counter("", "page faults that waited for a read", _STAT)] = None
    voluntary_switches: Annotated[int | None, counter("", "it gave the CPU away, to wait", _SWITCHES)] = None
    involuntary_switches: Annotated[int | None, counter("", "the CPU was taken from it", _SWITCHES)] = None
    processor: Annotated[int | None, gauge("", "the CPU on which it ran last", _STAT)] = None
    allowed_cpus: Annotated[
        str | None, fact("CPUs it may run on", "task_cpus_allowed() in fs/proc/array.c")
    ] = None
    wait: Annotated[
        str | None, fact("the kernel function in which it sleeps", "proc_pid_wchan() in fs/proc/base.c")
    ] = None


def read(root: Root, pids: Collection[str] | None = None) -> dict[str, Thread]:
    """By pid/tid, of these processes."""
    found: dict[str, Thread] = {}
    refused: Unavailable | None = None
    for pid in processes.pids(root) if pids is None else filter(processes.is_pid, pids):
        try:
            names = root.names(f"/proc/{pid}/task")
        except Unavailable as error:
            refused = refused if error.gone else error
            continue
        for tid in filter(processes.is_pid, names):
            if len(found) >= MOST:
                root.missing["/proc/PID/task"] = (
                    f"there are more than {MOST} threads; the others were not read"
                )
                return found
            thread = _thread(root, f"/proc/{pid}/task/{tid}")
            if thread is not None:
                found[f"{pid}/{tid}"] = thread
    if not found and refused:
        raise refused
    return found


def _thread(root: Root, folder: str) -> Thread | None:
    try:
        stat = root.read(f"{folder}/stat", 8192)
        status = process_status.parse(root.read(f"{folder}/status", 1 << 16))
    except Unavailable:
        return None
    try:
        schedstat = root.read(f"{folder}/schedstat", 4096)
    except Unavailable:
        schedstat = None
    found = processes.parse(stat, schedstat)
    if found is None:
        return None
    return Thread(
        comm=found.comm,
        state=found.state,
        start_s=found.start_s,
        user_s=found.user_s,
        system_s=found.system_s,
        ran_s=found.ran_s,
        waited_s=found.waited_s,
        major_faults=found.major_faults,
        voluntary_switches=status.voluntary_switches,
        involuntary_switches=status.involuntary_switches,
        processor=found.processor,
        allowed_cpus=status.allowed_cpus,
        wait=task_files.waits_in(root, folder) if found.state in "SD" else None,
    )


_FILES = {
    **dict.fromkeys(("ran_s", "waited_s"), "/proc/PID/task/TID/schedstat"),
    **dict.fromkeys(
        ("voluntary_switches", "involuntary_switches", "allowed_cpus"), "/proc/PID/task/TID/status"
    ),
    "wait": "/proc/PID/task/TID/wchan",
}

SOURCE = EntitySource(
    name="threads",
    doc="Each thread of the processes asked for: times, switches, where it waits.",
    files=(
        "/proc/PID/task/TID/stat",
        "/proc/PID/task/TID/schedstat",
        "/proc/PID/task/TID/status",
        "/proc/PID/task/TID/wchan",
    ),
    record=Thread,
    read=read,
    file_of=_FILES.get,
    scope="process",
    when="asked",
)
