"""What was read out of a report: the kind's typed fields with their units, and who ran where."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kernward.cli.triage_html.words import ENTRIES, memory, number
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
    """A row of the table of fields: what it is called, what was read, what that means.

    A list of records (the tasks of an OOM report) has a `heading` and `rows` instead of `values`.
    """

    name: str
    values: list[str]
    doc: str = ""
    heading: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def facts(event: Event, kind: Kind | None) -> tuple[list[Fact], list[str]]:
    """The kind's own fields with their values, and the names of those that this report does not hold."""
    known = {each.name: each for each in kind.fields} if kind else {}
    names = list(dict.fromkeys((*known, *event.fields)))[: 2 * ENTRIES]
    present = [name for name in names if event.fields.get(name) is not None]
    found = [_fact(name, event.fields[name], known.get(name)) for name in present]
    return found, [name for name in names if event.fields.get(name) is None]


def _fact(name: str, value: Any, field: Field | None) -> Fact:
    type, doc = (field.type, field.doc) if field else ("", "")
    if isinstance(value, dict):
        value = [f"{key} {_value(str(key), each)}" for key, each in value.items() if each is not None]
    if not isinstance(value, (list, tuple)):
        return Fact(name, [_value(name, value, type)], doc)
    left_out = [f"and {len(value) - ENTRIES:,} more"] if len(value) > ENTRIES else []
    if value and all(isinstance(each, dict) for each in value):
        keys = list(dict.fromkeys(key for each in value[:ENTRIES] for key in each))[:ENTRIES]
        rows = [["" if each.get(key) is None else str(each[key]) for key in keys] for each in value[:ENTRIES]]
        return Fact(name, left_out, doc, [str(key) for key in keys], rows)
    return Fact(name, [_value(name, each, type) for each in value[:ENTRIES]] + left_out, doc)


def _value(name: str, value: Any, type: str = "") -> str:
    """The value with the unit that the field's name carries."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and type == "hex":
        return f"{value:#x}"
    if isinstance(value, (int, float)):
        suffix = name.rpartition("_")[2]
        if suffix in _BYTES and abs(value) >= 1024:
            return f"{number(value)} {_UNITS[suffix]} ({memory(value * _BYTES[suffix])})"
        # What is only a name for something (a pid, a sector, a line) is not grouped by thousands.
        return f"{number(value)} {_UNITS[suffix]}" if suffix in _UNITS else str(value)
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
