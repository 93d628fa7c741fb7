"""An event as a row of the table `events`, and back.

What is asked for by value has a column of its own; what is only read back whole (typed fields, the
parsed report, causes) is JSON in a text column, so that anything that reads Parquet can use it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from kernward.records.events import Cause, Event, Report, Signature, SkippedFrame

# Name and type of each column, in order. The types are named here and made into Arrow's where
# Parquet is written, since a process that only reads logs need not load Arrow.
COLUMNS: tuple[tuple[str, str], ...] = (
    ("id", "text"),
    ("kind", "word"),
    ("class", "word"),
    ("severity", "word"),
    ("title", "word"),
    ("alt_titles", "json"),
    ("function", "word"),
    ("function_reason", "text"),
    ("skipped", "json"),
    ("file", "word"),
    ("line", "int"),
    ("subsystem", "word"),
    ("corrupted", "bool"),
    ("corrupted_reason", "text"),
    ("signature_exact", "word"),
    ("signature_function", "word"),
    ("signature_subsystem", "word"),
    ("host", "word"),
    ("boot", "word"),
    ("kernel", "word"),
    ("build", "word"),
    ("time", "time"),
    ("monotonic_s", "float"),
    ("source", "word"),
    ("start", "int"),
    ("end", "int"),
    ("caused_by", "json"),
    ("fields", "json"),
    ("report", "json"),
    ("text", "text"),
    ("source_digest", "word"),
    ("catalogue", "word"),
)
NAMES = tuple(name for name, _ in COLUMNS)
TIME = NAMES.index("time")
TEXT = NAMES.index("text")
REPORT = NAMES.index("report")
DIGEST = NAMES.index("source_digest")

_json = msgspec.json.Encoder().encode
_skipped = msgspec.json.Decoder(tuple[SkippedFrame, ...]).decode
_titles = msgspec.json.Decoder(tuple[str, ...]).decode
_causes = msgspec.json.Decoder(tuple[Cause, ...]).decode
_fields = msgspec.json.Decoder(dict[str, Any]).decode
_report = msgspec.json.Decoder(Report | None).decode
_INT64 = 1 << 63


def row(event: Event) -> list[Any]:
    """The event's columns, but for the last two, which are known when its source has been read."""
    signature = event.signature
    return [
        event.id,
        event.kind,
        event.class_,
        event.severity,
        event.title,
        _text(event.alt_titles),
        event.function,
        event.function_reason,
        _text(event.skipped),
        event.file,
        _bounded(event.line),
        event.subsystem,
        event.corrupted,
        event.corrupted_reason,
        signature.exact,
        signature.function,
        signature.subsystem,
        event.host,
        event.boot,
        event.kernel,
        event.build,
        event.time,
        event.monotonic_s,
        event.source,
        event.start,
        event.end,
        _text(event.caused_by),
        _text(event.fields),
        _text(event.report),
        event.text,
    ]


def event(columns: Sequence[Any]) -> Event:
    """The event of a row as read back, its columns in the order of `COLUMNS`."""
    value = dict(zip(NAMES, columns, strict=True))
    return Event(
        id=value["id"],
        kind=value["kind"],
        class_=value["class"],
        severity=value["severity"],
        title=value["title"],
        alt_titles=_titles(value["alt_titles"]),
        function=value["function"],
        function_reason=value["function_reason"],
        skipped=_skipped(value["skipped"]),
        file=value["file"],
        line=value["line"],
        subsystem=value["subsystem"],
        corrupted=value["corrupted"],
        corrupted_reason=value["corrupted_reason"],
        signature=Signature(
            value["signature_exact"], value["signature_function"], value["signature_subsystem"]
        ),
        host=value["host"],
        boot=value["boot"],
        kernel=value["kernel"],
        build=value["build"],
        time=value["time"],
        monotonic_s=value["monotonic_s"],
        source=value["source"],
        start=value["start"],
        end=value["end"],
        fields=_fields(value["fields"]),
        report=_report(value["report"]),
        caused_by=_causes(value["caused_by"]),
        text=value["text"],
    )


def _text(value: Any) -> str:
    return _json(value).decode()


def _bounded(number: int | None) -> int | None:
    # A log may claim a line number that no column holds.
    return number if number is None or -_INT64 <= number < _INT64 else None
