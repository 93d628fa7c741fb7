"""A case is one file: what is expected of a log, an empty line, the log.

Expectations are lines `key: value`; each `kind:` begins the next expected event, in the order of the
log. Only the keys that are given are compared, but kinds and their number always are.
"""

from pathlib import Path
from typing import Any

from kernward.events.recognise import recognise
from kernward.logs.sources import open_sources
from kernward.records.errors import KernwardError
from kernward.records.events import Event

FOLDER = Path(__file__).parent / "cases"
Expected = list[tuple[str, str]]


def read(path: Path) -> tuple[list[Expected], bytes]:
    """The expected events of a case and its log."""
    head, _, log = path.read_bytes().partition(b"\n\n")
    if head.startswith(b"silent"):
        return [], log
    events: list[Expected] = []
    for line in head.decode().splitlines():
        key, _, value = line.partition(": ")
        if key == "kind":
            events.append([])
        events[-1].append((key, value))
    return events, log


def events_of(path: Path, *, engine: str | None = None) -> list[Event]:
    """The events of a log file, each part of which must have been readable."""
    problems: list[KernwardError] = []
    found = [
        event
        for source in open_sources([path], problems=problems)
        for event in recognise(source, engine=engine)
    ]
    assert not problems
    return found


def value(event: Event, key: str) -> list[str]:
    """An event's values under a key of a case, as text."""
    if key == "alt":
        return list(event.alt_titles)
    if key.startswith("field."):
        return [str(event.fields.get(key.removeprefix("field.")))]
    if key.startswith("report."):
        found: Any = getattr(event.report, key.removeprefix("report."), None)
        return [str(found)]
    if key == "corrupted":
        return ["yes" if event.corrupted else "no"]
    if key == "caused_by":
        return [cause.kind for cause in event.caused_by] or ["None"]
    if key.startswith("signature."):
        return [str(getattr(event.signature, key.removeprefix("signature.")))]
    return [str(getattr(event, "class_" if key == "class" else key))]


def render(events: list[Event], expected: list[Expected]) -> bytes:
    """The head of a case as the events have it, with the keys that the old head asked for."""
    if not events:
        return b"silent"
    lines: list[str] = []
    for number, event in enumerate(events):
        keys = [key for key, _ in expected[number]] if number < len(expected) else ["kind", "title"]
        lines += [f"{key}: {each}" for key in dict.fromkeys(keys) for each in value(event, key)]
    return "\n".join(lines).encode()
