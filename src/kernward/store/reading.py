"""Reading facts back with DuckDB: filters go down to the segments, values go in as parameters only.

A segment that cannot be read costs its own rows and becomes a sentence in `notes`; the rest is read.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import duckdb
import msgspec
import pyarrow
import sqlalchemy

from kernward.records.errors import StoreError
from kernward.records.events import Event
from kernward.records.filters import Filter
from kernward.records.problems import StateCount
from kernward.store import rows
from kernward.store.facts import being_read, catalogues, facts_path, ledger_path
from kernward.store.ledger import PARTS, SEGMENTS, SOURCES, Ledger

# How much DuckDB may take before it uses the disk.
MEMORY = "384MB"
_BATCH = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Columns that `light` leaves out, and what stands in their place.
_HEAVY = {"skipped": "'[]'", "fields": "'{}'", "report": "'null'", "text": "''"}


# What is counted as a state and not as a problem.
_STATE = "event.class = 'state' AND event.severity = 'info'"
# A boot's name is unique within its host only. NULL where the boot is not known.
_BOOT = "(coalesce(event.host, '') || chr(31) || event.boot)"


@dataclass(frozen=True)
class Summary:
    """How much some events come from; `kernels` counts boots by kernel release."""

    events: int
    dated: int
    sources: int
    hosts: int
    boots: int
    kernels: dict[str, int]
    first_seen: datetime | None
    last_seen: datetime | None


class Facts:
    """An open store. Use as a context manager; what one instance reads is one state of the store."""

    def __init__(self, home: Path) -> None:
        self.notes: list[str] = []
        self._facts = facts_path(home)
        self._exit = ExitStack()
        self._segments: list[Any] = []
        self._parts: list[Any] = []
        self.sources = 0
        self.catalogue = ""
        if any(mark in str(self._facts) for mark in "*?[{"):
            raise StoreError(
                f"the store's path {self._facts} holds one of * ? [ {{, which DuckDB takes as a pattern"
            )
        if not ledger_path(home).exists():
            return
        self._exit.enter_context(being_read(home))
        ledger = Ledger(ledger_path(home))
        try:
            with ledger.reading() as connection:
                self._segments = list(connection.execute(sqlalchemy.select(SEGMENTS)).all())
                self._parts = list(connection.execute(sqlalchemy.select(PARTS)).all())
                self.catalogue = (catalogues(connection) or [""])[-1]
                self.sources = connection.execute(
                    sqlalchemy.select(sqlalchemy.func.count()).select_from(SOURCES)
                ).scalar_one()
        finally:
            ledger.close()
        self._paths = {segment.id: str(self._facts / segment.path) for segment in self._segments}
        self._drop([path for path in self._paths.values() if not Path(path).is_file()], "it is missing")
        # What does not fit is sorted on disk, in a folder of this process's own.
        spill = self._exit.enter_context(TemporaryDirectory(prefix="kernward-"))
        self._database = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "temp_directory": spill})
        self._exit.callback(self._database.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def events(self, wanted: Filter, *, limit: int | None = None) -> Iterator[Event]:
        """The events by time, those whose time is not known last; the first `limit` of them."""
        columns = ", ".join(_column(name, light=False) for name in rows.NAMES)
        tail = "ORDER BY time NULLS LAST, source, start" + (
            f" LIMIT {int(limit)}" if limit is not None else ""
        )
        for row in self._select(wanted, columns, tail):
            yield _event(row)

    def events_by_source(
        self, wanted: Filter, *, states: Sequence[str] | None = None
    ) -> Iterator[tuple[str, Event]]:
        """Each event with its source's digest, as they stand in the source, one source after the other.

        Left out is what only the reader of a single event needs: text, report and fields. `states` are
        the kinds of mere states (see `states`) that are wanted; None: all of them.
        """
        columns = ", ".join(_column(name, light=True) for name in rows.NAMES)
        tail = "ORDER BY source_digest, start"
        also: tuple[str, list[Any]] = ("true", [])
        if states is not None:
            also = (f"(NOT ({_STATE}) OR list_contains(?::VARCHAR[], event.kind))", [list(states)])
        for row in self._select(wanted, columns, tail, also):
            yield row[rows.DIGEST], _event(row)

    def states(self, wanted: Filter) -> list[StateCount]:
        """The events that say how a machine stands and are no problem, counted by kind."""
        columns = "event.kind, min(event.title), count(*), count(DISTINCT event.host)"
        tail = "GROUP BY event.kind ORDER BY event.kind"
        return [StateCount(*row) for row in self._select(wanted, columns, tail, (_STATE, []))]

    def causes(self, wanted: Filter) -> set[str]:
        """The kinds that caused any of the events."""
        columns = """DISTINCT unnest(regexp_extract_all(event.caused_by, '"kind":"([^"]*)"', 1))"""
        return {row[0] for row in self._select(wanted, columns, "", ("event.caused_by <> '[]'", []))}

    def summary(self, wanted: Filter) -> Summary:
        """How much the events come from."""
        columns = (
            "count(*), count(event.time), count(DISTINCT event.source_digest), count(DISTINCT event.host), "
            f"count(DISTINCT {_BOOT}), epoch_us(min(event.time)), epoch_us(max(event.time))"
        )
        kernels = dict(
            self._select(
                wanted,
                f"event.kernel, count(DISTINCT {_BOOT})",
                "GROUP BY event.kernel ORDER BY event.kernel",
                (f"event.kernel IS NOT NULL AND {_BOOT} IS NOT NULL", []),
            )
        )
        for events, dated, sources, hosts, boots, first, last in self._select(wanted, columns, ""):
            return Summary(events, dated, sources, hosts, boots, kernels, _time(first), _time(last))
        return Summary(0, 0, 0, 0, 0, {}, None, None)

    def kernels(self, wanted: Filter) -> dict[str | None, int]:
        """How many events there are by kernel release; None: by kernels that no log names."""
        return dict(self._select(wanted, "kernel, count(*)", "GROUP BY kernel"))

    def signatures(self, wanted: Filter) -> set[str]:
        """The function signatures of the events."""
        return {row[0] for row in self._select(wanted, "DISTINCT signature_function", "")}

    def undated(self, wanted: Filter) -> int:
        """How many events cannot be told to be within `since` and `until`, having no time."""
        anytime = msgspec.structs.replace(wanted, since=None, until=None)
        for row in self._select(anytime, "count(*)", "", ("time IS NULL", [])):
            return int(row[0])
        return 0

    def _select(
        self, wanted: Filter, columns: str, tail: str, also: tuple[str, list[Any]] = ("", [])
    ) -> Iterator[tuple[Any, ...]]:
        segments = [segment for segment in self._segments if _may_hold(segment, wanted)]
        condition, values = _condition(wanted)
        if also[0]:
            condition, values = f"{condition} AND {also[0]}", [*values, *also[1]]
        checked = False
        while segments:
            paths = [self._paths[segment.id] for segment in segments]
            self._database.register("counting", self._counting(segments))
            query = (
                f"SELECT {columns} FROM read_parquet(?, filename = true, hive_partitioning = false) AS event "
                "SEMI JOIN counting ON counting.path = event.filename AND counting.digest = event.source_digest "
                f"WHERE {condition} {tail}"
            )
            begun = False
            try:
                # The whole answer is computed or sorted here before its first row is handed out.
                cursor = self._database.execute(query, [paths, *values])
                while batch := cursor.fetchmany(_BATCH):
                    begun = True
                    yield from batch
                return
            except duckdb.Error as error:
                if begun or checked:
                    raise StoreError(
                        f"the facts under {self._facts} cannot be read: {_first_line(error)}"
                    ) from error
                checked = True
                self._check(paths)
                segments = [segment for segment in segments if segment in self._segments]

    def _counting(self, segments: Sequence[Any]) -> pyarrow.Table:
        ids = {segment.id for segment in segments}
        parts = [part for part in self._parts if part.segment in ids]
        return pyarrow.table(
            {
                "path": pyarrow.array([self._paths[part.segment] for part in parts], pyarrow.string()),
                "digest": pyarrow.array([part.digest for part in parts], pyarrow.string()),
            }
        )

    def _check(self, paths: Sequence[str]) -> None:
        """Find the segments that are damaged, by reading each one whole."""
        for path in paths:
            try:
                self._database.execute(
                    "SELECT bit_xor(hash(COLUMNS(*))) FROM read_parquet(?)", [[path]]
                ).fetchall()
            except duckdb.Error as error:
                self._drop([path], _first_line(error))

    def _drop(self, paths: Sequence[str], why: str) -> None:
        for segment in list(self._segments):
            path = self._paths[segment.id]
            if path in paths:
                rows = sum(part.rows for part in self._parts if part.segment == segment.id)
                self._segments.remove(segment)
                self.notes.append(f"the segment {path} with {rows} events could not be read: {why}")


def _event(row: Sequence[Any]) -> Event:
    values = list(row)
    values[rows.TIME] = _time(values[rows.TIME])
    return rows.event(values)


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _column(name: str, light: bool) -> str:
    if name == "time":
        return "epoch_us(time)"
    if light and name in _HEAVY:
        return _HEAVY[name]
    return f'event."{name}"'


def _condition(wanted: Filter) -> tuple[str, list[Any]]:
    """The WHERE clause: fixed text with one place for each value, and the values."""
    clauses: list[str] = ["true"]
    values: list[Any] = []

    def also(clause: str, *new: Any) -> None:
        clauses.append(clause)
        values.extend(new)

    for column, patterns in (("kind", wanted.kinds), ("host", wanted.hosts), ("kernel", wanted.kernels)):
        if patterns:
            also("(" + " OR ".join([f"event.{column} GLOB ?"] * len(patterns)) + ")", *patterns)
    for column, names in (("class", wanted.classes), ("severity", wanted.severities), ("id", wanted.ids)):
        if names:
            also(f'list_contains(?, event."{column}")', list(names))
    if wanted.releases is not None:
        also("list_contains(?::VARCHAR[], event.kernel)", list(wanted.releases))
    if wanted.signatures:
        layers = ("exact", "function", "subsystem")
        clause = " OR ".join(f"list_contains(?, event.signature_{layer})" for layer in layers)
        also(f"({clause})", *[list(wanted.signatures)] * len(layers))
    if wanted.but_signatures:
        also("NOT list_contains(?, event.signature_function)", list(wanted.but_signatures))
    # Times go in as numbers: DuckDB would otherwise need a time zone database.
    if wanted.since is not None:
        also("event.time >= make_timestamptz(?)", _microseconds(wanted.since))
    if wanted.until is not None:
        also("event.time < make_timestamptz(?)", _microseconds(wanted.until))
    return " AND ".join(clauses), values


def _may_hold(segment: Any, wanted: Filter) -> bool:
    if wanted.since is None and wanted.until is None:
        return True
    if segment.first_time_s is None:
        return False
    after = wanted.until is not None and segment.first_time_s >= wanted.until.timestamp()
    before = wanted.since is not None and segment.last_time_s < wanted.since.timestamp()
    return not after and not before


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
