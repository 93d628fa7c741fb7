"""This machine's signals as OpenMetrics text: every counter and gauge of the sources that a recorder reads.

A family is `kernward_SOURCE_FIELD`, in seconds and bytes whatever the kernel counts in. How many series
there are is bounded: of cgroups the busiest, of processes how many are in which state and, when asked for,
the busiest; what was left out is a metric as well. Names of other people's things are labels, with what a
terminal would act on shown by its number.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

import msgspec

from kernward.collectors.busiest import Busiest
from kernward.collectors.clock import Clock
from kernward.collectors.quantity import Quantity
from kernward.collectors.root import Root
from kernward.collectors.sample import Sample, take
from kernward.collectors.selection import Selection
from kernward.collectors.source import AnySource, EntitySource
from kernward.collectors.sources import processes, sources
from kernward.records.unsafe_text import UNSAFE

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
# Entities of any other source, and items of one field, such as devices of a cgroup.
MOST_ENTITIES = 512
MOST_ITEMS = 64
MOST_SERIES = 50_000
_MOST_LABEL = 200
# What an entity is called, as a label.
_LABELS = {"filesystem": "mountpoint", "other": "name", "process": "pid"}
_UNSAFE = re.compile(f"[{UNSAFE}]")
_NO_NAME = re.compile(r"[^a-z0-9_]+")


class _Name(msgspec.Struct, frozen=True):
    """How a field is exported: the family, its unit if OpenMetrics knows one, and what to multiply by."""

    family: str
    unit: str
    factor: float


class Exporter:
    """Reads the machine and writes it down. Not thread-safe."""

    def __init__(
        self,
        root: Root | None = None,
        clock: Clock | None = None,
        *,
        most_cgroups: int = 100,
        most_processes: int = 0,
        known: Mapping[str, AnySource] | None = None,
    ) -> None:
        self._root = root or Root("/")
        self._clock = clock or Clock()
        every = sources() if known is None else known
        self._sources = [each for each in every.values() if each.when == "sample"]
        self._selection = Selection(self._sources, most_cgroups)
        self._busiest = Busiest(processes.SOURCE, most_processes) if most_processes else None

    def text(self) -> bytes:
        """What the machine's counters and gauges are now."""
        sample = take(self._root, self._clock, self._sources, self._selection.entities())
        self._selection.seen(sample)
        writer = _Writer()
        left_out: dict[str, int] = {}
        for source in self._sources:
            if source.name not in sample.read:
                continue
            entities, more = self._entities(source, sample)
            if more:
                left_out[source.name] = more
            for field, quantity in source.quantities.items():
                if quantity.kind in ("counter", "gauge"):
                    writer.family(source, field, quantity, entities)
        self._about(writer, sample, left_out)
        return writer.text()

    def _entities(
        self, source: AnySource, sample: Sample
    ) -> tuple[list[tuple[tuple[tuple[str, str], ...], Any]], int]:
        """The records with their labels, and how many more there are."""
        if not isinstance(source, EntitySource):
            return [((), sample.read[source.name])], 0
        found = sample.each(source)
        label = _LABELS.get(source.scope, source.scope)
        if source.scope == "process":
            if self._busiest is None or source.name != processes.SOURCE.name:
                return [], len(found)
            chosen = self._busiest.choose(found)
            return [(((label, pid), ("comm", record.comm)), record) for pid, record in chosen.items()], len(
                found
            ) - len(chosen)
        names = list(found)
        there = len(names)
        if source.scope == "cgroup":
            shown = self._selection.shown()
            if shown is not None:
                names = [each for each in shown if each in found]
                there = max(there, self._selection.there)
        names = names[:MOST_ENTITIES]
        return [(((label, name),), found[name]) for name in names], there - len(names)

    def _about(self, writer: "_Writer", sample: Sample, left_out: Mapping[str, int]) -> None:
        writer.begin("kernward_host", "info", "", "the machine")
        writer.line(
            "kernward_host_info",
            (
                ("host", sample.host),
                ("kernel", sample.kernel or ""),
                ("boot_id", sample.boot_id or ""),
            ),
            1,
        )
        tasks = sample.each(processes.SOURCE) if processes.SOURCE.name in sample.read else {}
        if tasks:
            writer.begin(
                "kernward_processes_in_state", "gauge", "", "processes by the state of their main thread"
            )
            for state, count in sorted(Counter(each.state for each in tasks.values()).items()):
                writer.line("kernward_processes_in_state", (("state", state),), count)
        writer.begin("kernward_source_readable", "gauge", "", "whether a source could be read")
        for source in self._sources:
            writer.line("kernward_source_readable", (("source", source.name),), source.name in sample.read)
        writer.begin("kernward_entities_left_out", "gauge", "", "entities of a source that are not exported")
        for name, count in left_out.items():
            writer.line("kernward_entities_left_out", (("source", name),), count)
        writer.begin("kernward_series_left_out", "gauge", "", "series beyond the most that are exported")
        writer.line("kernward_series_left_out", (), writer.left_out)
        writer.begin("kernward_scrape_cpu_seconds", "gauge", "seconds", "processor time that reading took")
        writer.line("kernward_scrape_cpu_seconds", (), sample.cost_s or 0.0)


class _Writer:
    """Lines of OpenMetrics, bounded in number."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._series = 0
        self.left_out = 0

    def family(
        self,
        source: AnySource,
        field: str,
        quantity: Quantity,
        entities: Iterable[tuple[tuple[tuple[str, str], ...], Any]],
    ) -> None:
        """One field of all these records."""
        name = named(source.name, field, quantity)
        suffix = "_total" if quantity.kind == "counter" else ""
        begun = False
        for labels, record in entities:
            for item, value in _values(getattr(record, field)):
                if self._series >= MOST_SERIES:
                    self.left_out += 1
                    continue
                self._series += 1
                if not begun:
                    self.begin(name.family, quantity.kind, name.unit, quantity.doc)
                    begun = True
                self.line(
                    name.family + suffix,
                    (*labels, ("of", item)) if item is not None else labels,
                    value * name.factor if name.factor != 1 else value,
                )

    def begin(self, family: str, type: str, unit: str, doc: str) -> None:
        """What is said of a family before its samples."""
        self._lines.append(f"# TYPE {family} {type}")
        if unit:
            self._lines.append(f"# UNIT {family} {unit}")
        self._lines.append(f"# HELP {family} {_text(doc)}")

    def line(self, name: str, labels: tuple[tuple[str, str], ...], value: float) -> None:
        """One sample."""
        shown = ",".join(f'{key}="{_text(each[:_MOST_LABEL], quoted=True)}"' for key, each in labels)
        number = repr(float(value)) if type(value) is float else str(int(value))
        self._lines.append(f"{name}{{{shown}}} {number}" if labels else f"{name} {number}")

    def text(self) -> bytes:
        """All of it."""
        return ("\n".join(self._lines) + "\n# EOF\n").encode("utf-8", "backslashreplace")


def named(source: str, field: str, quantity: Quantity) -> _Name:
    """The family of a field: seconds and bytes at the end of its name where it is in them."""
    base, unit, factor = field, "", 1.0
    for ending, written, given, times in (
        ("_ms", "seconds", "ms", 1e-3),
        ("_us", "seconds", "µs", 1e-6),
        ("_ns", "seconds", "ns", 1e-9),
        ("_s", "seconds", "s", 1.0),
        ("_kib", "bytes", "KiB", 1024.0),
        ("_bytes", "bytes", "bytes", 1.0),
    ):
        if quantity.unit == given:
            base, unit, factor = field.removesuffix(ending), written, times
            break
    else:
        if base.endswith("_per_s"):
            base += "econd"
    base = base.removesuffix("_total") if quantity.kind == "counter" else base
    family = _NO_NAME.sub("_", f"kernward_{source}_{base}{'_' + unit if unit else ''}".lower())
    return _Name(family, unit, factor)


def _values(value: Any) -> Iterator[tuple[str | None, float]]:
    pairs: list[tuple[str | None, Any]]
    if isinstance(value, Mapping):
        pairs = [(str(item), each) for item, each in value.items()]
    elif isinstance(value, (tuple, list)):
        pairs = [(str(item), each) for item, each in enumerate(value)]
    else:
        pairs = [(None, value)]
    for item, each in pairs[:MOST_ITEMS]:
        if type(each) in (int, bool) or (type(each) is float and isfinite(each)):
            yield item, each


def _text(value: str, *, quoted: bool = False) -> str:
    safe = _UNSAFE.sub(lambda match: f"\\x{ord(match[0]):02x}", value).replace("\\", "\\\\")
    return safe.replace('"', '\\"') if quoted else safe
