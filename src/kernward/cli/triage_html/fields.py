"""What was read out of a report: the kind's typed fields with their units, and who ran where."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kernward.cli.triage_html.words import ENTRIES, number, size
from kernward.events.kind import Field, Kind
from kernward.records.events import Event, Report

# The unit that a field's name ends in, and for sizes how many bytes it is.
_UNITS = {
    **{"s": "s", "ms": "ms", "us": "µs", "ns": "ns", "celsius": "°C", "mhz": "MHz", "percent": "%"},
    **{"bytes": "B", "kb": "kB", "kib": "KiB", "mib": "MiB", "pages": "pages"},
}
_BYTES = {"bytes": 1, "kb": 1024, "kib": 1024, "mib": 1 << 20}


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of the table of fields: what it is called, what was read (a list: one by one), what it means."""

    name: str
    values: list[str]
    doc: str = ""


def facts(event: Event, kind: Kind | None) -> tuple[list[Fact], list[str]]:
    """The kind's own fields with their values, and the names of those that this report does not hold."""
    docs = {each.name: each for each in kind.fields} if kind else {}
    names = list(dict.fromkeys((*docs, *event.fields)))[: 2 * ENTRIES]
    found = [
        Fact(name, _values(name, event.fields[name], docs.get(name)), docs[name].doc if name in docs else "")
        for name in names
        if event.fields.get(name) is not None
    ]
    return found, [name for name in names if event.fields.get(name) is None]


def _values(name: str, value: Any, field: Field | None) -> list[str]:
    """One text, or one an entry of a list."""
    type = field.type if field else ""
    if not isinstance(value, (list, tuple)):
        return [_value(name, value, type)]
    left_out = [f"and {len(value) - ENTRIES:,} more"] if len(value) > ENTRIES else []
    return [_value(name, each, type) for each in value[:ENTRIES]] + left_out


def _value(name: str, value: Any, type: str) -> str:
    """The value with the unit that the field's name carries."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and type == "hex":
        return f"{value:#x}"
    if isinstance(value, (int, float)):
        suffix = name.rpartition("_")[2]
        if suffix in _BYTES and abs(value) >= 1024:
            return f"{number(value)} {_UNITS[suffix]} ({size(value * _BYTES[suffix])})"
        # What is only a name for something (a pid, a sector, a line) is not grouped by thousands.
        return f"{number(value)} {_UNITS[suffix]}" if suffix in _UNITS else str(value)
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ", ".join(
            f"{key} {_value(str(key), each, '')}" for key, each in value.items() if each is not None
        )
    return str(value)


def context(event: Event) -> Iterator[tuple[str, str]]:
    """Who and where, as far as the report says."""
    report = event.report or Report()
    running = (("CPU", report.cpu), ("PID", report.pid), ("task", report.comm), ("UID", report.uid))
    yield from ((name, str(value)) for name, value in running if value is not None)
    taint = "; ".join(f"{flag.letter}: {flag.meaning}" for flag in report.taint[:ENTRIES])
    machine = (
        ("kernel", report.kernel or event.kernel),
        ("build", report.build or event.build),
        ("hardware", report.hardware),
        ("taint", taint),
        ("workqueue", report.workqueue),
        ("instruction pointer", report.ip),
        ("held locks", "; ".join(report.held_locks[:ENTRIES])),
        ("boot", event.boot),
    )
    yield from ((name, value) for name, value in machine if value)
