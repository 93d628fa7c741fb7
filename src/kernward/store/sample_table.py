"""Samples as the table `samples`: one row a value, sorted by series, so that each takes a byte or less.

The columns, which other programs read as well:

    host, boot, kernel   the machine, its boot id, its kernel's release
    time                 when the sample was taken (UTC)
    source, entity       `diskstats`, `vda`; entity is null for sources of the whole machine
    field, item          `reads`; item is the key or [index] where a field holds several values,
                         "" or [] where it holds none of them
    kind, unit           counter, gauge, identity or fact; s, bytes, pages, … or nothing
    digits, scale        the number is digits / 10^scale, exactly
    number               the number where it has no such form
    text, json           a text; anything else

A value that is absent has no row; an entity of which every value is absent has one with field "". The
pseudo-source `sample` holds what is to be said of the sample as a whole.

Within a series most bytes of a number are those of the one before, times repeat from series to series, and
all other columns are runs: what is left after zstd is about what really changed. Whether numbers are smaller
plain (a busy machine: 0.59 bytes a value instead of 0.76) or as Parquet's differences (long even series) is
tried for each file.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from kernward.store.recorded import Heading, Recorded, printable

WORDS = ("host", "boot", "kernel", "source", "entity", "field", "item", "kind", "unit", "text", "json")
SCHEMA = pyarrow.schema(
    [
        pyarrow.field("host", pyarrow.string()),
        pyarrow.field("boot", pyarrow.string()),
        pyarrow.field("kernel", pyarrow.string()),
        pyarrow.field("time", pyarrow.timestamp("us", tz="UTC")),
        pyarrow.field("source", pyarrow.string()),
        pyarrow.field("entity", pyarrow.string()),
        pyarrow.field("field", pyarrow.string()),
        pyarrow.field("item", pyarrow.string()),
        pyarrow.field("kind", pyarrow.string()),
        pyarrow.field("unit", pyarrow.string()),
        pyarrow.field("digits", pyarrow.int64()),
        pyarrow.field("scale", pyarrow.int8()),
        pyarrow.field("number", pyarrow.float64()),
        pyarrow.field("text", pyarrow.string()),
        pyarrow.field("json", pyarrow.string()),
    ]
)
SORTED_BY = ("host", "boot", "source", "entity", "field", "item", "time")
# Rows held at once before they are written; with fewer, the same times are stored more often.
GROUP_ROWS = 1 << 20
# Decimal places that the kernel's numbers have: whole, ticks, milli-, micro- and nanoseconds.
_SCALES = (0, 2, 3, 6, 9, 1, 4, 12)
_INT64 = 1 << 63
_LEVEL = 9
# Repetition is found within a page only.
_PAGE_BYTES = 8 << 20
_json = msgspec.json.Encoder().encode


class Series(msgspec.Struct, frozen=True):
    """The values of one field of one entity, with the numbers of the samples that they are of."""

    source: str
    entity: str | None
    field: str
    item: str | None
    kind: str
    unit: str
    at: Sequence[int]
    values: Sequence[Any]


def tables(heading: Heading, samples: Sequence[Recorded]) -> Iterator[pyarrow.Table]:
    """The rows of a journal's samples, in the table's order, in pieces of about GROUP_ROWS."""
    times = pyarrow.array([each.at_us for each in samples], pyarrow.int64()).cast(SCHEMA.field("time").type)
    everything = range(len(samples))
    piece: list[Series] = []
    rows = 0
    for series in series_of(heading, samples):
        piece.append(series)
        rows += len(series.at)
        if rows >= GROUP_ROWS:
            yield _table(heading, times, everything, piece)
            piece, rows = [], 0
    if piece:
        yield _table(heading, times, everything, piece)


def series_of(heading: Heading, samples: Sequence[Recorded]) -> Iterator[Series]:
    """Every series, in the table's order."""
    for name in sorted({*heading.sources, "sample"}):
        if name == "sample":
            yield from _of_samples(samples)
            continue
        rows: dict[str | None, tuple[list[int], list[Sequence[Any]]]] = {}
        single = name in heading.single
        for number, sample in enumerate(samples):
            found = sample.read.get(name)
            entities: Iterable[tuple[str | None, Any]] = ()
            if single and type(found) is list:
                entities = ((None, found),)
            elif not single and type(found) is dict:
                entities = found.items()
            for entity, values in entities:
                at, records = rows.setdefault(entity, ([], []))
                at.append(number)
                records.append(values)
        for entity in sorted(rows, key=str):
            yield from _of_records(name, entity, heading.sources[name], *rows[entity])


def _of_samples(samples: Sequence[Recorded]) -> Iterator[Series]:
    numbers = range(len(samples))
    for field, unit, get in (
        ("absent", "", lambda each: each.absent),
        ("after_s", "s", lambda each: each.after_s),
        ("at_s", "s", lambda each: each.at_s),
        ("cost_s", "s", lambda each: each.cost_s),
        ("cut", "", lambda each: dict.fromkeys(each.cut, 1)),
        ("missing", "", lambda each: _json(printable(each.missing)).decode() if each.missing else None),
    ):
        yield from _plain(
            "sample", None, field, "gauge" if unit else "fact", unit, numbers, map(get, samples)
        )


def _of_records(
    source: str, entity: str | None, fields: Sequence[Any], at: list[int], records: list[Sequence[Any]]
) -> Iterator[Series]:
    whole = [
        (number, each)
        for number, each in zip(at, records, strict=True)
        if type(each) is list and len(each) == len(fields)
    ]
    if not whole:
        return
    numbers = [number for number, _ in whole]
    columns = list(zip(*(each for _, each in whole), strict=True))
    empty = [number for number, each in whole if all(value is None for value in each)]
    if empty:
        yield Series(source, entity, "", None, "fact", "", empty, [None] * len(empty))
    order = sorted(range(len(fields)), key=lambda place: fields[place].name)
    for place in order:
        field = fields[place]
        yield from _plain(source, entity, field.name, field.kind, field.unit, numbers, columns[place])


def _plain(
    source: str, entity: str | None, field: str, kind: str, unit: str, at: Sequence[int], values: Any
) -> Iterator[Series]:
    """A field's series: one, or one for each item of what it holds."""
    values = list(values)
    types = set(map(type, values))
    if type(None) in types:
        types.discard(type(None))
        at = [number for number, value in zip(at, values, strict=True) if value is not None]
        values = [value for value in values if value is not None]
    if not values:
        return
    lists = types <= {list, tuple} and all(_flat(each) for each in values)
    if lists:
        values = [{f"[{place}]": item for place, item in enumerate(each)} for each in values]
        types = {dict}
    if types != {dict} or not all(_flat(each.values()) for each in values):
        yield Series(source, entity, field, None, kind, unit, at, values)
        return
    if not all(values):
        empty = [number for number, each in zip(at, values, strict=True) if not each]
        yield Series(source, entity, field, "[]" if lists else "", kind, unit, empty, [None] * len(empty))
    items: dict[str, tuple[list[int], list[Any]]] = {}
    for number, each in zip(at, values, strict=True):
        for item, value in each.items():
            if value is not None:
                numbers, some = items.setdefault(str(item), ([], []))
                numbers.append(number)
                some.append(value)
    for item in sorted(items):
        yield Series(source, entity, field, item, kind, unit, *items[item])


def _flat(values: Any) -> bool:
    return all(each is None or type(each) in (int, float, str, bool) for each in values)


def _table(heading: Heading, times: Any, everything: range, piece: Sequence[Series]) -> pyarrow.Table:
    rows = [len(each.at) for each in piece]
    total = sum(rows)
    columns: dict[str, Any] = {
        name: _constant(value, total)
        for name, value in (
            ("host", heading.host),
            ("boot", heading.boot_id),
            ("kernel", heading.kernel),
        )
    }
    # The number of its series for each row; what is the same for a series is looked up by it.
    owner = pyarrow.concat_arrays(
        [pyarrow.repeat(pyarrow.scalar(number, pyarrow.int32()), count) for number, count in enumerate(rows)]
    )
    for name in ("source", "entity", "field", "item", "kind", "unit"):
        words = pyarrow.array([getattr(each, name) for each in piece], pyarrow.string()).dictionary_encode()
        columns[name] = pyarrow.DictionaryArray.from_arrays(words.indices.take(owner), words.dictionary)
    # The series of one entity are of the same samples, and hold the same list of them.
    taken = {id(everything): times}
    for each in piece:
        if id(each.at) not in taken:
            whole = len(each.at) == len(everything)
            taken[id(each.at)] = times if whole else times.take(pyarrow.array(each.at, pyarrow.int32()))
    columns["time"] = pyarrow.concat_arrays([taken[id(each.at)] for each in piece])
    stored = [_stored(each.values) for each in piece]
    scales = pyarrow.array([scale for scale, _ in stored], pyarrow.int8())
    columns["scale"] = scales.take(owner)
    for name, type in (
        ("digits", pyarrow.int64()),
        ("number", pyarrow.float64()),
        ("text", pyarrow.string()),
        ("json", pyarrow.string()),
    ):
        column = _column(name, type, [found for _, found in stored], rows)
        columns[name] = column.dictionary_encode() if name in ("text", "json") else column
    return pyarrow.table([columns[name] for name in SCHEMA.names], names=SCHEMA.names)


def _column(name: str, type: Any, stored: Sequence[dict[str, Sequence[Any]]], rows: Sequence[int]) -> Any:
    parts = []
    without = 0
    for found, count in zip(stored, rows, strict=True):
        if name not in found:
            without += count
            continue
        if without:
            parts.append(pyarrow.nulls(without, type))
            without = 0
        parts.append(pyarrow.array(found[name], type))
    if without:
        parts.append(pyarrow.nulls(without, type))
    return pyarrow.concat_arrays(parts)


def _constant(value: str | None, count: int) -> Any:
    words = pyarrow.array([value], pyarrow.string()).dictionary_encode()
    return pyarrow.DictionaryArray.from_arrays(
        pyarrow.repeat(words.indices[0], count)
        if value is not None
        else pyarrow.nulls(count, pyarrow.int32()),
        words.dictionary,
    )


def _stored(values: Sequence[Any]) -> tuple[int | None, dict[str, Sequence[Any]]]:
    """The values by the columns they go into, and their scale."""
    types = set(map(type, values))
    if types <= {int, bool}:
        if -_INT64 <= min(values) and max(values) < _INT64:
            return 0, {"digits": [int(each) for each in values] if bool in types else values}
        # Nothing counts so far; it is a counter below zero, as unsigned, or no number at all.
        return None, {"json": [str(int(each)) for each in values]}
    if types <= {int, float, bool}:
        scaled = _scaled(values)
        return scaled if scaled is not None else (None, {"number": [float(each) for each in values]})
    if types == {str}:
        return None, {"text": values}
    return None, {"json": [None if each is None else _json(printable(each)).decode() for each in values]}


def _scaled(values: Sequence[Any]) -> tuple[int, dict[str, Sequence[int]]] | None:
    """Whole numbers that divided by a power of ten are exactly the values; None when there are none."""
    if not all(-1e17 < each < 1e17 for each in values):
        return None
    for scale in _SCALES:
        power = 10**scale
        digits = [round(each * power) for each in values]
        if all(number / power == each for number, each in zip(digits, values, strict=True)):
            if max(map(abs, digits)) >= _INT64:
                return None
            return scale, {"digits": digits}
    return None


def write(file: Any, pieces: Iterator[pyarrow.Table]) -> int:
    """Write the pieces as one Parquet file; returns the number of rows."""
    rows = 0
    first = next(pieces, None)
    if first is not None:
        pieces = chain([first], pieces)
    with pyarrow.parquet.ParquetWriter(
        file,
        SCHEMA,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=[*WORDS, "scale"],
        column_encoding={
            "time": "PLAIN",
            "digits": "PLAIN" if first is None else _smallest(first),
            "number": "BYTE_STREAM_SPLIT",
        },
        data_page_size=_PAGE_BYTES,
        write_statistics=["host", "boot", "time", "source", "entity"],
    ) as writer:
        for piece in pieces:
            writer.write_table(piece.cast(SCHEMA), row_group_size=2 * GROUP_ROWS)
            rows += piece.num_rows
    return rows


def _smallest(piece: pyarrow.Table) -> str:
    """The encoding in which the numbers of the piece take the least."""
    digits = piece.select(["digits"])

    def size(encoding: str) -> int:
        file = pyarrow.BufferOutputStream()
        pyarrow.parquet.write_table(
            digits,
            file,
            compression="zstd",
            compression_level=_LEVEL,
            use_dictionary=False,
            column_encoding={"digits": encoding},
            data_page_size=_PAGE_BYTES,
        )
        return int(file.getvalue().size)

    return min(("PLAIN", "DELTA_BINARY_PACKED"), key=size)


def by_date(samples: Sequence[Recorded]) -> Iterator[tuple[str, list[Recorded]]]:
    """The samples of each UTC date; a clock that jumped may lead anywhere."""
    ordered = sorted(samples, key=lambda each: each.at_us)
    for day, some in groupby(ordered, lambda each: _date(each.at_us)):
        yield day, list(some)


def _date(at_us: int) -> str:
    try:
        return datetime.fromtimestamp(at_us // 1_000_000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "1970-01-01"


def sizes(path: Path) -> dict[str, int]:
    """Bytes of each column of a file, as they lie on the disk."""
    found: dict[str, int] = {}
    metadata = pyarrow.parquet.read_metadata(path)
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            column = metadata.row_group(group).column(place)
            found[column.path_in_schema] = found.get(column.path_in_schema, 0) + column.total_compressed_size
    return found
