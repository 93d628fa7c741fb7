"""/proc/PID/stat and /proc/PID/schedstat of every process: state, times, faults, memory, start.

A process is a thread group here; times and faults are those of all its threads, the dead ones included,
but for `ran_s`, `waited_s` and `state`, which are its main thread's. A name may be any bytes but NUL,
parentheses and line feeds among them, so what follows it is looked for from the end. Processes that end
while they are read are left out, and so is what hidepid hides, which `missing` then says.
"""

import os
from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact, gauge, identity
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_STAT = "do_task_stat() in fs/proc/array.c"
_SCHEDSTAT = "proc_pid_schedstat() in fs/proc/base.c"
# USER_HZ, in which the kernel hands out times whatever its own HZ is.
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# include/linux/sched.h
_PF_KTHREAD = 0x00200000
# kernel.pid_max goes to 4 million, and a copied tree may claim anything.
MOST = 1 << 17
# A number longer than this is none that the kernel printed.
_DIGITS = 18
# In every so many samples a process is read as a whole, whether or not it has run.
AFRESH = 12
_NO_TIMES = b"0 0 0\n"


class Process(msgspec.Struct, frozen=True, gc=False):
    """`812 (nginx) S 1 812 812 0 -1 4194560 2120 0 3 0 41 12 0 0 20 0 4 0 2128935 …`"""

    comm: Annotated[
        str,
        fact("its name, at most 15 bytes; what is no UTF-8 is \\xNN", "proc_task_name() in fs/proc/array.c"),
    ]
    state: Annotated[
        str, fact("R running or runnable, S asleep, D uninterruptible, Z dead and not collected, …", _STAT)
    ]
    parent: Annotated[int, fact("pid of the parent", _STAT)]
    start_s: Annotated[float, identity("s", "when it began, since boot", _STAT)]
    kernel_thread: Annotated[
        bool, fact("a thread of the kernel itself", "PF_KTHREAD in include/linux/sched.h")
    ]
    user_s: Annotated[float | None, counter("s", "processor time in user space", _STAT)] = None
    system_s: Annotated[float | None, counter("s", "processor time in the kernel", _STAT)] = None
    children_s: Annotated[
        float | None, counter("s", "processor time of children that ended and were collected", _STAT)
    ] = None
    minor_faults: Annotated[int | None, counter("", "page faults served without reading", _STAT)] = None
    major_faults: Annotated[int | None, counter("", "page faults that waited for a read", _STAT)] = None
    threads: Annotated[int | None, gauge("", "threads", _STAT)] = None
    virtual_bytes: Annotated[int | None, gauge("bytes", "address space", _STAT)] = None
    rss_bytes: Annotated[int | None, gauge("bytes", "memory in RAM, shared pages included", _STAT)] = None
    nice: Annotated[int | None, fact("-20 (most) to 19 (least)", _STAT)] = None
    processor: Annotated[int | None, gauge("", "the CPU on which its main thread ran last", _STAT)] = None
    realtime_priority: Annotated[int | None, fact("1 to 99, 0 for none", _STAT)] = None
    policy: Annotated[
        int | None, fact("0 normal, 1 fifo, 2 round robin, 3 batch, 5 idle, 6 deadline", _STAT)
    ] = None
    block_wait_s: Annotated[
        float | None, counter("s", "waited for block I/O; only with kernel.task_delayacct", _STAT)
    ] = None
    ran_s: Annotated[float | None, counter("s", "its main thread ran", _SCHEDSTAT)] = None
    waited_s: Annotated[
        float | None, counter("s", "its main thread was runnable and waited for a CPU", _SCHEDSTAT)
    ] = None


def read(root: Root, entities: Collection[str] | None = None) -> dict[str, Process]:
    """The processes by pid, all or those asked for."""
    names = pids(root) if entities is None else [each for each in entities if is_pid(each)]
    found: dict[str, Process] = {}
    hidden = 0
    scheduled = True
    # Most processes did nothing since the last sample: what they were is not read and made out again.
    turn, before = root.remembered.get("processes", (0, {}))
    now: dict[str, tuple[bytes, bytes | None, Process]] = {}
    for number, pid in enumerate(names):
        earlier: tuple[bytes, bytes | None, Process] | None = before.get(pid)
        times = None
        if earlier is not None and root.live and (number + turn) % AFRESH and _has_one_thread(earlier[2]):
            times = _times(root, pid)
            # Never "0 0 0", which a kernel without CONFIG_SCHED_INFO shows of every process.
            if times is not None and times == earlier[1] and times != _NO_TIMES:
                now[pid], found[pid] = earlier, earlier[2]
                continue
        try:
            data = root.read(f"/proc/{pid}/stat", 8192)
        except Unavailable as error:
            hidden += not error.gone
            continue
        if times is None and scheduled:
            times = _times(root, pid)
            # Without CONFIG_SCHED_INFO no process has it; one that has just ended lacks it alone.
            path = f"/proc/{pid}/schedstat"
            scheduled = times is not None or root.exists(path) or not root.exists(f"/proc/{pid}/stat")
        if earlier is not None and earlier[0] == data and earlier[1] == times:
            now[pid], found[pid] = earlier, earlier[2]
            continue
        process = parse(data, times)
        if process is not None:
            found[pid] = process
            now[pid] = (data, times, process)
    if entities is None:
        root.remembered["processes"] = (turn + 1, now)
    if hidden:
        root.missing["/proc/PID/stat"] = f"{hidden} processes of other users may not be read (hidepid)"
    elif entities is None and found and "1" not in found:
        root.missing["/proc/PID/stat"] = "process 1 is not shown, so other users' are not either (hidepid)"
    if entities is None:
        root.kept["processes"] = found
    return found


def _times(root: Root, pid: str) -> bytes | None:
    try:
        return root.read(f"/proc/{pid}/schedstat", 4096)
    except Unavailable:
        return None


def _has_one_thread(process: Process) -> bool:
    """If so, and it has not run, then nothing of it is new but what others took of its memory."""
    return process.threads == 1


def known(root: Root) -> dict[str, Process]:
    """All processes, as this sample has read them already or as they are now; raises Unavailable."""
    kept: dict[str, Process] | None = root.kept.get("processes")
    return read(root) if kept is None else kept


def pids(root: Root) -> list[str]:
    """The pids of the thread groups; raises Unavailable when there are none."""
    found = [name for name in root.names("/proc") if is_pid(name)]
    if not found:
        raise Unavailable("/proc/PID", "there are no processes in it")
    if len(found) > MOST:
        root.missing["/proc"] = f"of {len(found)} processes only {MOST} are read"
    return found[:MOST]


def is_pid(name: str) -> bool:
    """Whether it is a number as the kernel names a process's folder."""
    return name.isdigit() and name.isascii() and len(name) <= 10


def parse(stat: bytes, schedstat: bytes | None = None) -> Process | None:
    """The record of a stat file and, if there is one, a schedstat file; None when stat is torn."""
    begin, end = stat.find(b"("), stat.rfind(b")")
    part = stat[end + 1 :].split()
    if begin < 0 or end < begin or len(part) < 22 or max(map(len, part[:22])) > _DIGITS:
        return None
    last = part[36:40] if len(part) >= 40 and max(map(len, part[36:40])) <= _DIGITS else None
    ran = waited = None
    if schedstat:
        times = schedstat.split()
        if len(times) == 3 and len(times[0]) <= _DIGITS and len(times[1]) <= _DIGITS:
            ran, waited = times[:2]
    try:
        return Process(
            stat[begin + 1 : end].decode("utf-8", "backslashreplace"),
            part[0].decode("ascii"),
            int(part[1]),
            int(part[19]) / _TICKS,
            int(part[6]) & _PF_KTHREAD != 0,
            int(part[11]) / _TICKS,
            int(part[12]) / _TICKS,
            (int(part[13]) + int(part[14])) / _TICKS,
            int(part[7]),
            int(part[9]),
            int(part[17]),
            int(part[20]),
            int(part[21]) * _PAGE_BYTES,
            int(part[16]),
            int(last[0]) if last else None,
            int(last[1]) if last else None,
            int(last[2]) if last else None,
            int(last[3]) / _TICKS if last else None,
            int(ran) / 1e9 if ran else None,
            int(waited) / 1e9 if waited else None,
        )
    except ValueError:
        return None


def label(pid: str, process: Process) -> str:
    """How a process is named as a scope: comm[pid]."""
    return f"{process.comm}[{pid}]"


_FILES = dict.fromkeys(("ran_s", "waited_s"), "/proc/PID/schedstat")

SOURCE = EntitySource(
    name="processes",
    doc="Every process: its state, processor time, page faults, memory, threads, and its start.",
    files=("/proc/PID/stat", "/proc/PID/schedstat"),
    record=Process,
    read=read,
    file_of=_FILES.get,
    scope="process",
)
