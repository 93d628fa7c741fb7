"""What windows of processes and tasks are made of, for tests."""

from collections.abc import Mapping
from typing import Any

from kernward.collectors.source import AnySource
from kernward.collectors.sources import processes, stat
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.stat import Stat


def process(comm: str = "nginx", **fields: Any) -> Process:
    """A process that has been there for long and sleeps."""
    given: dict[str, Any] = {
        "state": "S",
        "parent": 1,
        "start_s": 100.0,
        "kernel_thread": False,
        "user_s": 10.0,
        "system_s": 2.0,
        "children_s": 0.0,
        "threads": 1,
        **fields,
    }
    return Process(comm=comm, **given)


def machine(
    cpus: int = 4, busy: float = 0.1, system: float = 0.05, at: int = 0, forks_s: float = 5.0
) -> dict[AnySource, Stat]:
    """/proc/stat of a machine after `at` seconds of such a load."""
    return {
        stat.SOURCE: Stat(
            user_s=(busy - system) * cpus * at,
            nice_s=0.0,
            system_s=system * cpus * at,
            idle_s=(1 - busy) * cpus * at,
            iowait_s=0.0,
            irq_s=0.0,
            softirq_s=0.0,
            steal_s=0.0,
            forks=int(1000 + forks_s * at),
            cpus=cpus,
        )
    }


def table(**by_pid: Process) -> dict[AnySource, Mapping[str, Process]]:
    """All processes: p812=process(…)."""
    return {processes.SOURCE: {name[1:]: each for name, each in by_pid.items()}}
