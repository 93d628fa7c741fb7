"""What tests of processors have in common: where CPU time went, who runs, and who waits for a CPU.

A thread that can run either runs or waits, so the two together are what it wants, at most one CPU. Summed
over threads that is the demand, which does not depend on who else is there. Whoever reads the machine wants
a CPU too; it is told apart, so that a check does not find itself.
"""

from collections.abc import Iterable, Mapping
from weakref import WeakKeyDictionary

import msgspec

from kernward.collectors.sources import (
    cgroup_cpu,
    cpu,
    process_cgroups,
    process_status,
    processes,
    stat,
    threads,
)
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
from kernward.collectors.sources.cpu import Cpu
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.stat import Stat
from kernward.collectors.sources.threads import Thread
from kernward.collectors.window import Window
from kernward.diagnosis.kinship import contains
from kernward.diagnosis.view import View
from kernward.records.check import Evidence, Scope

# From this part of its time on a CPU is busy: what is left is what load balancing and short sleeps leave.
BUSY = 0.9
# Of a group that is throttled in this part of its periods, waits for a CPU are mostly waits for the quota.
THROTTLED = 0.1
# A main thread that did at least this part of a process's work waits as its other threads do.
SPEAKS_FOR_ALL = 0.2
# include/uapi/linux/sched.h
_SCHED_IDLE = 5


class Shares(msgspec.Struct, frozen=True):
    """Parts of the time of a CPU, or of all; together 1. `total_s` is that time."""

    user: float
    system: float
    irq: float
    softirq: float
    steal: float
    iowait: float
    idle: float
    total_s: float

    @property
    def busy(self) -> float:
        """The part in which it was not idle."""
        return 1.0 - self.idle - self.iowait


class Runner(msgspec.Struct, frozen=True):
    """A process that wanted CPU time. Figures are CPUs: 1.5 is one and a half CPUs' time.

    `whole` says that the waits of all threads are known. `own` is the process that reads the machine.
    """

    pid: str
    name: str
    process: Process
    group: str | None
    user: float
    system: float
    waiting: float
    whole: bool
    own: bool

    @property
    def ran(self) -> float:
        """CPU time it got."""
        return self.user + self.system

    @property
    def demand(self) -> float:
        """CPU time it wanted, in threads that ran or waited."""
        return self.ran + self.waiting

    @property
    def weight(self) -> float:
        """How much it keeps others waiting, a process of normal priority being 1.

        sched_prio_to_weight[] in kernel/sched/core.c has a quarter more for each nice value, and 3 of 1024 for
        SCHED_IDLE. One of high priority takes no more than the CPU it runs on.
        """
        if self.process.policy == _SCHED_IDLE:
            return 3 / 1024
        return min(1.0, 1.25 ** -(self.process.nice or 0))

    @property
    def scope(self) -> Scope:
        """The process."""
        return Scope("process", self.name)


def shares(times: Stat | Cpu | None) -> Shares | None:
    """Of times that grew over a window; None when there are none."""
    if times is None or times.user_s is None or times.idle_s is None:
        return None
    user = times.user_s + (times.nice_s or 0.0)
    system, irq, softirq = times.system_s or 0.0, times.irq_s or 0.0, times.softirq_s or 0.0
    # iowait of one CPU may go backwards (Documentation/filesystems/proc.rst), and is then not known.
    steal, iowait = times.steal_s or 0.0, times.iowait_s or 0.0
    total_s = user + system + irq + softirq + steal + iowait + times.idle_s
    if total_s <= 0:
        return None
    return Shares(
        user / total_s,
        system / total_s,
        irq / total_s,
        softirq / total_s,
        steal / total_s,
        iowait / total_s,
        times.idle_s / total_s,
        total_s,
    )


def machine(view: View) -> Shares | None:
    """Of all CPUs over the window."""
    return shares(view.window.over(stat.SOURCE))


def each_cpu(view: View) -> dict[str, Shares]:
    """Of each CPU over the window."""
    found = {name: shares(times) for name, times in view.window.each_over(cpu.SOURCE).items()}
    return {name: each for name, each in found.items() if each is not None}


def cpus(view: View) -> int:
    """How many CPUs are online."""
    seen = view.window.of(stat.SOURCE)
    return (seen.cpus if seen else None) or len(view.window.each(cpu.SOURCE)) or 1


def runnable(view: View) -> float | None:
    """How many tasks ran or waited for a CPU, on average; whoever read it is one, and is left out."""
    found = [
        record.running
        for sample in view.window.samples
        if (record := sample.of(stat.SOURCE)) is not None and record.running is not None
    ]
    return max(0.0, sum(found) / len(found) - 1) if found else None


_runners: WeakKeyDictionary[Window, list[Runner]] = WeakKeyDictionary()


def runners(view: View) -> list[Runner]:
    """The processes by demand, the greatest first; none when there is one reading only."""
    if view.window not in _runners:
        _runners[view.window] = list(_found(view)) if not view.window.since_boot else []
    return _runners[view.window]


def others(view: View) -> list[Runner]:
    """The same without whoever reads the machine."""
    return [each for each in runners(view) if not each.own]


def own_share(view: View) -> float:
    """CPUs that whoever reads the machine used."""
    return sum(each.ran for each in runners(view) if each.own)


def _found(view: View) -> Iterable[Runner]:
    window = view.window
    seconds = window.seconds_of(processes.SOURCE)
    groups = window.each(process_cgroups.SOURCE)
    by_process = threads_of(view)
    found = []
    for pid, process in window.each_over(processes.SOURCE).items():
        if process.user_s is None or process.system_s is None:
            continue
        waiting, whole = _waiting(process, by_process.get(pid, {}), seconds, view)
        ran = (process.user_s + process.system_s) / seconds
        if ran + waiting < 0.001:
            continue
        group = groups.get(pid)
        found.append(
            Runner(
                pid=pid,
                name=processes.label(pid, process),
                process=process,
                group=group.of("cpu") if group else None,
                user=process.user_s / seconds,
                system=process.system_s / seconds,
                waiting=waiting,
                whole=whole,
                own=pid == window.last.reader,
            )
        )
    return sorted(found, key=lambda each: (-each.demand, each.pid))


def _waiting(process: Process, own: Mapping[str, Thread], seconds: float, view: View) -> tuple[float, bool]:
    """How many of its threads waited for a CPU, on average, and whether that is known of all."""
    waits = [each.waited_s for each in own.values() if each.waited_s is not None]
    if waits and len(waits) == len(own):
        return sum(waits) / view.window.seconds_of(threads.SOURCE), True
    if process.waited_s is None:
        return 0.0, False
    if (process.threads or 1) == 1:
        return process.waited_s / seconds, True
    used = (process.user_s or 0.0) + (process.system_s or 0.0)
    ran, count = process.ran_s or 0.0, process.threads or 1
    # Where the main thread works as the others do, they wait as it does; the ratio tells how long.
    works = ran >= SPEAKS_FOR_ALL * used / count and ran + process.waited_s >= SPEAKS_FOR_ALL * seconds
    if ran > 0 and works:
        return min(process.waited_s / ran * used / seconds, float(count)), False
    return process.waited_s / seconds, False


def threads_of(view: View) -> dict[str, dict[str, Thread]]:
    """The threads that were read, over the time since they were asked for: by pid and tid."""
    found: dict[str, dict[str, Thread]] = {}
    for name, thread in view.window.each_over(threads.SOURCE).items():
        pid, _, tid = name.partition("/")
        found.setdefault(pid, {})[tid] = thread
    return found


def allowed(view: View, pid: str) -> frozenset[int] | None:
    """The CPUs that a process may run on; None when that was not read."""
    status = view.window.each(process_status.SOURCE).get(pid)
    return None if status is None or status.allowed_cpus is None else cpu_list(status.allowed_cpus)


def online(view: View) -> frozenset[int]:
    """The CPUs that are online."""
    names = view.window.each(cpu.SOURCE)
    return frozenset(int(name[3:]) for name in names if name[3:].isdigit() and len(name) < 9)


def cpu_list(text: str) -> frozenset[int] | None:
    """`0-3,8` as the kernel prints a set of CPUs; None for what is none."""
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        if not low.isdigit() or high and not high.isdigit() or len(part) > 11:
            return None
        if int(high or low) - int(low) > 1 << 16:
            return None
        found.update(range(int(low), int(high or low) + 1))
    return frozenset(found)


def throttled(view: View) -> dict[str, CgroupCpu]:
    """The groups that were held back at their quota in a good part of their periods, what grew over the window."""
    return {
        name: group
        for name, group in view.window.each_over(cgroup_cpu.SOURCE).items()
        if (group.throttled_periods or 0) >= 2
        and (group.throttled_periods or 0) >= THROTTLED * (group.periods or 1)
    }


def held_back(runner: Runner, groups: Iterable[str]) -> bool:
    """Whether the process is in one of these groups."""
    return runner.group is not None and any(contains(each, runner.group) for each in groups)


def share_evidence(view: View, field: str, part: float, says: str) -> Evidence:
    """A part of the machine's CPU time as evidence; `field` is one of the source stat."""
    return view.evidence(stat.SOURCE, field, part, unit="", says=says)


def system_evidence(view: View, runner: Runner, says: str) -> Evidence:
    """How much of CPUs' time it spends in the kernel."""
    return view.evidence(
        processes.SOURCE, "system_s", runner.system, unit="CPUs", scope=runner.scope, says=says
    )
