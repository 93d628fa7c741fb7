"""Samples read back, by host and time: from segments, and from journals that are not in segments yet.

Journals are opened before the ledger is read. One that the ledger lists by then counts in its segments; any
other is read to its end as it was opened, even if it is compacted and removed meanwhile. So whoever reads
sees every sample that was there once.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import duckdb
import msgspec
import sqlalchemy

from kernward.store import journal, recorded
from kernward.store.facts import being_read, facts_path, ledger_path
from kernward.store.ledger import JOURNALS, SAMPLE_SEGMENTS, Ledger
from kernward.store.recorded import Heading, Recorded

MEMORY = "384MB"
_json = msgspec.json.Decoder().decode
_texts = msgspec.json.Decoder(dict[str, str]).decode


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A sample as it was recorded. `read` holds, by source, the fields of a record by name, or of each
    entity's; what has no value is left out."""

    host: str
    boot_id: str | None
    kernel: str | None
    at_us: int
    at_s: float
    cost_s: float | None
    read: Mapping[str, Mapping[str, Any]]
    after_s: Mapping[str, float]
    absent: Mapping[str, str]
    missing: Mapping[str, str]
    cut: frozenset[str]


@dataclass(frozen=True)
class Span:
    """What there is of one boot of one host, in one place."""

    host: str
    boot_id: str | None
    kernel: str | None
    first_us: int
    last_us: int
    samples: int
    values: int | None
    size_bytes: int


class Recordings:
    """The recordings of a store. Use as a context manager; `notes` says what could not be read."""

    def __init__(self, home: Path) -> None:
        self.notes: list[str] = []
        self._facts = facts_path(home)
        self._exit = ExitStack()
        self._segments: list[Any] = []
        self._journals: list[tuple[Path, IO[bytes]]] = []
        for path in journal.paths(home):
            try:
                self._journals.append((path, self._exit.enter_context(path.open("rb"))))
            except FileNotFoundError:
                continue
            except OSError as error:
                self.notes.append(f"{path}: {error.strerror}")
        if not ledger_path(home).exists():
            return
        self._exit.enter_context(being_read(home))
        ledger = Ledger(ledger_path(home))
        try:
            with ledger.reading() as connection:
                self._segments = list(
                    connection.execute(
                        sqlalchemy.select(SAMPLE_SEGMENTS).order_by(SAMPLE_SEGMENTS.c.first_time_s)
                    ).all()
                )
                listed = set(connection.execute(sqlalchemy.select(JOURNALS.c.name)).scalars())
        finally:
            ledger.close()
        self._journals = [each for each in self._journals if each[0].name not in listed]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def spans(self) -> list[Span]:
        """What there is, by time."""
        found = [
            Span(
                each.host,
                each.boot,
                each.kernel,
                round(each.first_time_s * 1e6),
                round(each.last_time_s * 1e6),
                each.samples,
                each.rows,
                each.size_bytes,
            )
            for each in self._segments
        ]
        for path, file in self._journals:
            read = self._read(path, file)
            if read is None:
                continue
            heading, samples = read
            times = [each.at_us for each in samples]
            if times:
                found.append(
                    Span(
                        heading.host,
                        heading.boot_id,
                        heading.kernel,
                        min(times),
                        max(times),
                        len(times),
                        None,
                        path.stat().st_size if path.exists() else 0,
                    )
                )
        return sorted(found, key=lambda each: each.first_us)

    def samples(
        self,
        host: str,
        first_us: int,
        last_us: int,
        sources: Sequence[str] | None = None,
    ) -> list[Stored]:
        """The samples of a host between two times, both included; of these sources only.

        They come boot by boot, and within a boot in the order in which they were taken, whatever the clock
        was set to meanwhile.
        """
        found: list[Stored] = []
        for segment in self._segments:
            if segment.host != host:
                continue
            if segment.first_time_s * 1e6 <= last_us and segment.last_time_s * 1e6 >= first_us:
                found += self._of_segment(segment, first_us, last_us, sources)
        for path, file in self._journals:
            read = self._read(path, file)
            if read is not None and read[0].host == host:
                found += _of_journal(*read, first_us, last_us, sources)
        begins: dict[str | None, int] = {}
        for each in found:
            begins[each.boot_id] = min(each.at_us, begins.get(each.boot_id, each.at_us))
        return sorted(
            found, key=lambda each: (begins[each.boot_id], str(each.boot_id), each.at_s, each.at_us)
        )

    def _read(self, path: Path, file: IO[bytes]) -> tuple[Heading, Iterator[Recorded]] | None:
        file.seek(0)
        read = recorded.read(file)
        if read is None and path.exists() and path.stat().st_size > len(journal.MAGIC):
            self.notes.append(f"the journal {path} cannot be read from its beginning on")
        return read

    def _of_segment(
        self, segment: Any, first_us: int, last_us: int, sources: Sequence[str] | None
    ) -> list[Stored]:
        path = self._facts / segment.path
        wanted = "" if sources is None else "AND list_contains(?::VARCHAR[], source)"
        values: list[Any] = [[str(path)], first_us, last_us]
        if sources is not None:
            values.append([*sources, "sample"])
        # The lists of one group are filled row by row, so that they belong together item by item.
        query = (
            "SELECT source, entity, field, item, list(epoch_us(time)), list(digits), list(scale), "
            "list(number), list(text), list(json) "
            "FROM read_parquet(?, hive_partitioning = false) "
            f"WHERE time >= make_timestamptz(?) AND time <= make_timestamptz(?) {wanted} "
            "GROUP BY source, entity, field, item"
        )
        try:
            with duckdb.connect(":memory:", config={"memory_limit": MEMORY}) as database:
                series = database.execute(query, values).fetchall()
        except duckdb.Error as error:
            sentence = str(error).strip().split("\n", 1)[0]
            self.notes.append(f"the segment {path} with {segment.samples} samples cannot be read: {sentence}")
            return []
        return _assembled(segment, series)


def hosts(spans: Sequence[Span]) -> list[str]:
    """Their hosts, the one recorded last first."""
    last: dict[str, int] = {}
    for each in spans:
        last[each.host] = max(each.last_us, last.get(each.host, 0))
    return sorted(last, key=lambda host: -last[host])


class _Unfinished:
    """A sample on its way together."""

    def __init__(self) -> None:
        self.read: dict[str, dict[str, Any]] = {}
        self.about: dict[str, Any] = {}
        self.items: dict[str, dict[str, Any]] = {"after_s": {}, "absent": {}, "cut": {}}


def _assembled(segment: Any, series: Sequence[Sequence[Any]]) -> list[Stored]:
    found: dict[int, _Unfinished] = {}
    for source, entity, field, item, times, *columns in series:
        for at_us, value in zip(times, _values(*columns), strict=True):
            sample = found.get(at_us)
            if sample is None:
                sample = found[at_us] = _Unfinished()
            if source == "sample":
                if item is None:
                    sample.about[field] = value
                elif item and field in sample.items:
                    sample.items[field][item] = value
                continue
            record = sample.read.setdefault(source, {})
            if entity is not None:
                record = record.setdefault(entity, {})
            if item is None:
                if field:
                    record[field] = value
            else:
                items = record.setdefault(field, {})
                if item:
                    items[item] = value
    return [
        Stored(
            host=segment.host,
            boot_id=segment.boot,
            kernel=segment.kernel,
            at_us=at_us,
            at_s=float(sample.about.get("at_s") or 0.0),
            cost_s=sample.about.get("cost_s"),
            read={name: _whole(record) for name, record in sample.read.items()},
            after_s=sample.items["after_s"],
            absent=sample.items["absent"],
            missing=_texts(sample.about["missing"]) if "missing" in sample.about else {},
            cut=frozenset(sample.items["cut"]),
        )
        for at_us, sample in sorted(found.items())
    ]


def _whole(record: dict[str, Any]) -> dict[str, Any]:
    """Fields of several values that are items of a list, as a list again."""
    for name, value in record.items():
        if type(value) is dict:
            if [*value] == ["[]"]:
                record[name] = []
                continue
            if value and all(type(item) is str and item[:1] == "[" and item[-1:] == "]" for item in value):
                places = {item[1:-1]: each for item, each in value.items() if item != "[]"}
                if places and all(
                    place.isascii() and place.isdigit() and len(place) < 10 for place in places
                ):
                    last = max(map(int, places))
                    if last < 2 * len(places) + 16:
                        record[name] = [places.get(str(place)) for place in range(last + 1)]
                        continue
            record[name] = _whole(value)
    return record


def _values(
    digits: Sequence[int | None],
    scales: Sequence[int | None],
    numbers: Sequence[float | None],
    texts: Sequence[str | None],
    jsons: Sequence[str | None],
) -> list[Any]:
    first = scales[0]
    if first is not None and scales.count(first) == len(scales):
        if first == 0:
            return list(digits)
        power = 10**first
        return [None if each is None else each / power for each in digits]
    if texts[0] is not None and None not in texts:
        return list(texts)
    found: list[Any] = []
    for each, scale, number, text, json in zip(digits, scales, numbers, texts, jsons, strict=True):
        if each is not None and scale is not None:
            found.append(each / 10**scale if scale else each)
        elif json is not None:
            found.append(_json(json))
        else:
            found.append(text if number is None else number)
    return found


def _of_journal(
    heading: Heading,
    samples: Iterator[Recorded],
    first_us: int,
    last_us: int,
    sources: Sequence[str] | None,
) -> Iterator[Stored]:
    names = {name: [each.name for each in fields] for name, fields in heading.sources.items()}
    for each in samples:
        if not first_us <= each.at_us <= last_us:
            continue
        read: dict[str, Mapping[str, Any]] = {}
        for name, found in each.read.items():
            if name not in names or (sources is not None and name not in sources):
                continue
            if name in heading.single:
                read[name] = _named(names[name], found)
            elif type(found) is dict:
                read[name] = {entity: _named(names[name], values) for entity, values in found.items()}
        yield Stored(
            host=heading.host,
            boot_id=heading.boot_id,
            kernel=heading.kernel,
            at_us=each.at_us,
            at_s=each.at_s,
            cost_s=each.cost_s,
            read=read,
            after_s=each.after_s,
            absent=each.absent,
            missing=each.missing,
            cut=frozenset(each.cut),
        )


def _named(names: Sequence[str], values: Any) -> dict[str, Any]:
    if type(values) is not list or len(values) != len(names):
        return {}
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}
