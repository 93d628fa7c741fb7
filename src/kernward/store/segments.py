"""Parquet segments: written so that a file under its final name is whole and on the disk."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, TypeVar

import msgspec
import pyarrow
import pyarrow.parquet

from kernward.records.errors import StoreError
from kernward.store.disk import make, sync
from kernward.store.rows import COLUMNS, DIGEST, TIME

Filled = TypeVar("Filled")

# The partition of events whose date no log tells, as Hive, Spark and DuckDB call it.
UNDATED = "__HIVE_DEFAULT_PARTITION__"
# A log may claim any dates; a save makes at most this many partitions, the rest counts as undated.
MOST_DATES = 512

_TYPES = {
    "text": pyarrow.string(),
    "json": pyarrow.string(),
    "word": pyarrow.string(),
    "int": pyarrow.int64(),
    "float": pyarrow.float64(),
    "bool": pyarrow.bool_(),
    "time": pyarrow.timestamp("us", tz="UTC"),
}
SCHEMA = pyarrow.schema([pyarrow.field(name, _TYPES[type]) for name, type in COLUMNS])
_WORDS = [name for name, type in COLUMNS if type == "word"]


class Segment(msgspec.Struct, frozen=True):
    """A segment that is on the disk: what the ledger is told of it. `parts` counts rows by source."""

    date: str | None
    path: str
    rows: int
    size_bytes: int
    first_time_s: float | None
    last_time_s: float | None
    parts: dict[str, int]


def by_date(rows: Sequence[Sequence[Any]]) -> dict[date | None, list[Sequence[Any]]]:
    """Rows by the UTC date of their event; None for those without a time, and beyond `MOST_DATES`."""
    dates: dict[date | None, list[Sequence[Any]]] = {}
    for row in rows:
        time = row[TIME]
        day = time.date() if time is not None else None
        if day not in dates and len(dates) >= MOST_DATES:
            day = None
        dates.setdefault(day, []).append(row)
    return dates


def write(facts: Path, day: date | None, rows: Sequence[Sequence[Any]]) -> Segment:
    """Write the rows, all of one date, as a segment under the folder of facts."""
    columns = [
        pyarrow.array(values, type=field.type)
        for values, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)
    ]
    parts: dict[str, int] = {}
    for row in rows:
        parts[row[DIGEST]] = parts.get(row[DIGEST], 0) + 1
    times = [row[TIME] for row in rows if row[TIME] is not None]
    span = (min(times).timestamp(), max(times).timestamp()) if times else (None, None)
    return write_table(
        facts,
        day.isoformat() if day else None,
        pyarrow.Table.from_arrays(columns, schema=SCHEMA),
        parts,
        span,
    )


def write_table(
    facts: Path,
    day: str | None,
    table: pyarrow.Table,
    parts: dict[str, int],
    span: tuple[float | None, float | None],
) -> Segment:
    """Write a table of events as a segment."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{token_hex(8)}.parquet"

    def fill(file: IO[bytes]) -> None:
        pyarrow.parquet.write_table(
            table,
            file,
            compression="zstd",
            compression_level=3,
            use_dictionary=_WORDS,
            row_group_size=16_384,
        )

    _, path, size = write_whole(facts, f"events/date={day or UNDATED}/{name}", fill)
    return Segment(day, path, table.num_rows, size, span[0], span[1], parts)


def write_whole(facts: Path, path: str, fill: Callable[[IO[bytes]], Filled]) -> tuple[Filled, str, int]:
    """Have a segment filled: temporary name, fsync, rename, fsync of the folder.

    Returns what `fill` returned, the path below the folder of facts, and the size in bytes.
    """
    final = facts / path
    # Readers of whole folders (DuckDB, Spark) pass over names that begin with a dot.
    temporary = final.with_name(f".{final.name}.part")
    try:
        make(final.parent)
        with temporary.open("xb") as file:
            filled = fill(file)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        temporary.rename(final)
        sync(final.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"the segment {final} cannot be written: {error.strerror or error}") from error
    return filled, path, size
