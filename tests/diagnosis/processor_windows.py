"""Windows of machines whose processors are what matters: who runs, who waits, in which groups."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kernward.collectors.sources import (
    cpu,
    pressure,
    process_cgroups,
    process_status,
    processes,
    stat,
    threads,
)
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
from kernward.collectors.sources.cpu import Cpu
from kernward.collectors.sources.pressure import Pressure
from kernward.collectors.sources.process_cgroups import ProcessCgroups
from kernward.collectors.sources.process_status import ProcessStatus
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.stat import Stat
from kernward.collectors.sources.threads import Thread
from kernward.collectors.window import Window
from kernward.diagnosis.view import View
from kernward.records.check import Measured
from tests.diagnosis.windows import window


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A process: CPUs' time that it gets, threads of it that wait for a CPU, and what else is read of it.

    `each` are its threads where they are read: (runs, waits, where it sleeps, switches a second).
    """

    comm: str
    pid: int
    user: float = 0.0
    system: float = 0.0
    waiting: float = 0.0
    threads: int = 1
    group: str = "/"
    allowed: str | None = None
    policy: int = 0
    nice: int = 0
    kernel_thread: bool = False
    each: tuple[tuple[float, float, str | None, float], ...] = ()


def machine(
    *tasks: Task,
    cpus: int = 2,
    seconds: int = 6,
    shares: tuple[Mapping[str, float], ...] | None = None,
    more: Mapping[Any, Any] | None = None,
    reader: int | None = None,
    final: bool = True,
    measured: tuple[str, ...] = (),
    running: int | None = None,
) -> View:
    """What such a machine shows over so many seconds, read each second.

    `shares` are parts of the time of each CPU (user, idle, softirq, …); by default what tasks use is spread
    evenly. `more` holds further sources: a record, or a function of the second.
    """
    used = sum(each.user + each.system for each in tasks)
    if shares is None:
        busy = min(1.0, used / cpus)
        shares = tuple({"user": busy, "idle": 1.0 - busy} for _ in range(cpus))
    readings = []
    for second in range(seconds + 1):
        reading: dict[Any, Any] = {
            cpu.SOURCE: {f"cpu{number}": Cpu(**_times(each, second)) for number, each in enumerate(shares)},
            stat.SOURCE: Stat(
                **{
                    name: sum(_times(each, second)[name] for each in shares)
                    for name in _times(shares[0], second)
                },
                running=1 + round(sum(each.user + each.system + each.waiting for each in tasks))
                if running is None
                else running,
                cpus=cpus,
                boot_at_s=1_700_000_000,
                context_switches=0,
            ),
            pressure.SOURCE: Pressure(
                cpu_some_s=float(second) if any(each.waiting for each in tasks) else 0.0
            ),
            processes.SOURCE: {str(each.pid): _process(each, second) for each in tasks},
            process_cgroups.SOURCE: {
                str(each.pid): ProcessCgroups(each.group) for each in tasks if not each.kernel_thread
            },
        }
        allowed = {str(each.pid): ProcessStatus(allowed_cpus=each.allowed) for each in tasks if each.allowed}
        if allowed:
            reading[process_status.SOURCE] = allowed
        known = {
            f"{each.pid}/{each.pid + number}": _thread(each, one, second)
            for each in tasks
            for number, one in enumerate(each.each)
        }
        if known:
            reading[threads.SOURCE] = known
        for source, value in (more or {}).items():
            reading[source] = value(second) if callable(value) else value
        readings.append(reading)
    seen = window(*readings)
    samples = [
        msgspec.structs.replace(each, reader=None if reader is None else str(reader)) for each in seen.samples
    ]
    return View(
        Window(samples), measured={name: Measured(name=name, tier="tp_btf") for name in measured}, final=final
    )


def _times(shares: Mapping[str, float], second: int) -> dict[str, float]:
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    return {f"{name}_s": 100.0 + shares.get(name, 0.0) * second for name in names}


def _process(task: Task, second: int) -> Process:
    # The main thread does as much as each of the others.
    return Process(
        comm=task.comm,
        state="R" if task.user + task.system + task.waiting > 0.5 else "S",
        parent=1,
        start_s=10.0,
        kernel_thread=task.kernel_thread,
        user_s=task.user * second,
        system_s=task.system * second,
        threads=task.threads,
        processor=0,
        realtime_priority=50 if task.policy else 0,
        policy=task.policy,
        nice=task.nice,
        ran_s=(task.user + task.system) * second / task.threads,
        waited_s=task.waiting * second / task.threads,
    )


def _thread(task: Task, one: tuple[float, float, str | None, float], second: int) -> Thread:
    runs, waits, where, switches = one
    return Thread(
        comm=task.comm,
        state="R" if where is None else "S",
        start_s=10.0,
        user_s=runs * second,
        system_s=0.0,
        ran_s=runs * second,
        waited_s=waits * second,
        voluntary_switches=round(switches * second),
        involuntary_switches=0,
        allowed_cpus=task.allowed,
        wait=where,
    )


def always_throttled(second: int) -> dict[str, CgroupCpu]:
    """A group that used up its quota in each period."""
    return {"/web": CgroupCpu(periods=10 * second, throttled_periods=10 * second, id=3)}


def compile_jobs(count: int) -> tuple[Task, ...]:
    """A build: as many compilers as CPUs, each of which runs nearly all the time, beside make."""
    return (
        Task(comm="make", pid=500, system=0.02),
        *(Task(comm="cc1", pid=600 + n, user=0.9, system=0.05, waiting=0.15) for n in range(count)),
        *(Task(comm="as", pid=700 + n, user=0.03, waiting=0.05) for n in range(count)),
    )
