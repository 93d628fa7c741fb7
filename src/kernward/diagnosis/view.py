"""What a test of a hypothesis sees: the window, the measurements, the log's events, the question.

Helpers here are those that many tests need: evidence with its unit and place, names of processes and
devices, the number of CPUs.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from kernward.collectors.source import AnySource, EntitySource
from kernward.collectors.sources import cgroup_trees, loadavg, processes
from kernward.collectors.window import Window
from kernward.diagnosis.kinship import pid
from kernward.records.check import Evidence, Measured, Plot, Scope


class Focus(msgspec.Struct, frozen=True):
    """What the question is about: the whole machine, a cgroup and all below it, or one process."""

    cgroup: str | None = None
    pid: int | None = None


# Below this part of the machine's tasks, whoever looks is not shown all processes. Some end while they are
# counted.
SEEN = 0.8
EVERYTHING = Focus()
HOST = Scope()


class View:
    """One look at a machine. Tests read it and change nothing."""

    def __init__(
        self,
        window: Window,
        *,
        focus: Focus = EVERYTHING,
        measured: Mapping[str, Measured] | None = None,
        exhausted: Collection[str] = (),
        final: bool = True,
    ) -> None:
        self.window = window
        self.focus = focus
        # Measurements that were tried, by name; `tier` is None where that failed.
        self.measured = dict(measured or {})
        # Sources that are not asked for once more: new entities would come up each time.
        self._exhausted = exhausted
        # Nothing more will be measured: a test that would be Open decides as well as it can.
        self.final = final

    @cached_property
    def hidden_tasks(self) -> tuple[int, int] | None:
        """How many tasks are shown of how many there are, where not all are (hidepid, a pid namespace).

        The number of tasks in /proc/loadavg is the machine's, whatever is hidden (loadavg_proc_show() in
        fs/proc/loadavg.c). A test that finds nothing among the processes has then not seen all of them.
        """
        load, known = self.window.of(loadavg.SOURCE), self.window.each(processes.SOURCE)
        if load is None or not load.tasks or not known:
            return None
        seen = sum(each.threads or 1 for each in known.values())
        return None if seen >= SEEN * load.tasks else (seen, load.tasks)

    def can_ask(self, measurement: str) -> bool:
        """Whether this measurement has not been tried yet, so that asking for it makes sense."""
        return not self.final and measurement not in self.measured

    def can_read(self, source: AnySource, *entities: str) -> bool:
        """Whether a source that is read only when asked for can be asked for: at all, or of these entities."""
        tried = self.measured.get(source.name)
        if self.final or source.name in self._exhausted or tried is not None and tried.tier is None:
            return False
        if not entities or not isinstance(source, EntitySource):
            return tried is None and self.window.why_absent(source) is not None
        return not all(self.window.last.asked_for(source, each) for each in entities)

    def has(self, measurement: str) -> bool:
        """Whether this measurement was made."""
        found = self.measured.get(measurement)
        return found is not None and found.tier is not None

    def per_second(self, source: AnySource, amount: float | None) -> float:
        """What grew in the window as a rate; 0 for what is not known to have grown."""
        return (amount or 0) / self.window.seconds_of(source)

    def evidence(
        self,
        source: AnySource,
        field: str,
        value: float | int | str,
        *,
        scope: Scope = HOST,
        unit: str | None = None,
        says: str = "",
        change: bool = True,
        file: str | None = None,
    ) -> Evidence:
        """A value of a source as evidence; its unit, place and time come from the source.

        `change` says that it is a difference or a rate over the window. `unit` is given where the value
        was computed (a share, a rate).
        """
        quantity = source.quantities[field]
        return Evidence(
            signal=f"{source.name}.{field}",
            value=round(value, 4) if isinstance(value, float) else value,
            unit=quantity.unit if unit is None else unit,
            source=file or self._file(source, field, scope),
            at_utc=self.window.at_utc,
            scope=scope,
            window_s=round(self.window.seconds_of(source), 3) if change else None,
            says=says,
        )

    def _file(self, source: AnySource, field: str, scope: Scope) -> str:
        """Where a field was read, of a cgroup or a process its own file, as whoever is there can look at it."""
        of_group = source.group_file if isinstance(source, EntitySource) else None
        names = of_group(field) if of_group is not None and scope.kind == "cgroup" else None
        if names is not None:
            return cgroup_trees.path(self.window.each(cgroup_trees.SOURCE), scope.name, *names)
        file = (source.file_of(field) if source.file_of is not None else None) or source.files[0]
        number = pid(scope.name) if scope.kind == "process" else None
        return file.replace("/PID/", f"/{number}/") if number else file

    def plot(
        self, source: AnySource, field: str, points: Sequence[tuple[Any, float]], *, scope: Scope, unit: str
    ) -> Plot:
        """A signal over the window; points are (time, value)."""
        return Plot(
            signal=f"{source.name}.{field}",
            unit=unit,
            scope=scope,
            at_utc=tuple(at for at, _ in points),
            values=tuple(value for _, value in points),
        )
