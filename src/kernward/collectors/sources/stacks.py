"""/proc/PID/stack: where in the kernel the tasks are that a check asks for, whatever their state.

Who holds a lock is seldom told, and often shows: a task that sleeps in the same driver, and not for the lock.
Read for main threads, which threads of the kernel all are. Takes root.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors import task_files
from kernward.collectors.quantity import fact
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import processes

_STACK = "proc_pid_stack() in fs/proc/base.c"
MOST = 3000


class Stack(msgspec.Struct, frozen=True):
    """`[<0>] msleep+0x2d/0x40` and further lines."""

    comm: Annotated[str, fact("its name", "proc_task_name() in fs/proc/array.c")]
    state: Annotated[
        str, fact("R running or runnable, S asleep, D uninterruptible", "do_task_stat() in fs/proc/array.c")
    ]
    functions: Annotated[tuple[str, ...], fact("kernel functions, innermost first", _STACK)] = ()
    modules: Annotated[tuple[str, ...], fact("modules that have functions among them", _STACK)] = ()


def read(root: Root, pids: Collection[str] | None = None) -> dict[str, Stack]:
    """By pid, those whose stack can be read."""
    found: dict[str, Stack] = {}
    for pid, process in processes.known(root).items():
        if pids is not None and pid not in pids or process.state == "Z":
            continue
        if len(found) >= MOST:
            root.missing["/proc/PID/stack"] = f"only {MOST} stacks were read"
            break
        functions, modules = task_files.stack(root, f"/proc/{pid}")
        if functions:
            found[pid] = Stack(process.comm, process.state, functions, modules)
    if not found:
        raise Unavailable("/proc/PID/stack", "no stack can be read: it takes root, and CONFIG_STACKTRACE")
    return found


SOURCE = EntitySource(
    name="stacks",
    doc="Where in the kernel each task asked for is.",
    files=("/proc/PID/stack",),
    record=Stack,
    read=read,
    scope="process",
    when="asked",
)
