"""What windows of processes, tasks and the kernel's log are made of, for tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.source import AnySource
from kernward.collectors.sources import earlier_boot, kernel_events, processes, stat
from kernward.collectors.sources.kernel_events import KernelEvents
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


def event(kind: str, age_s: float | None = 5.0, text: str = "it happened", **more: Any) -> LogEvent:
    """An event of the kernel's log."""
    return LogEvent(
        kind=kind,
        title=kind,
        severity="error",
        at_s=None if age_s is None else 5000.0 - age_s,
        age_s=age_s,
        text=text,
        **more,
    )


def log(*events: LogEvent) -> dict[AnySource, Mapping[str, Any]]:
    """The log with these events, and no dump of an earlier boot."""
    kinds: dict[str, list[LogEvent]] = {}
    for each in events:
        kinds.setdefault(each.kind, []).append(each)
    return {
        kernel_events.SOURCE: {kind: _record(some) for kind, some in kinds.items()},
        earlier_boot.SOURCE: {},
    }


def _record(events: Sequence[LogEvent]) -> KernelEvents:
    ages = [each.age_s for each in events if each.age_s is not None]
    return KernelEvents(
        count=len(events),
        recent=sum(age <= 600 for age in ages),
        age_s=min(ages, default=None),
        first_age_s=max(ages, default=None),
        severity="error",
        latest=tuple(events),
    )


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
