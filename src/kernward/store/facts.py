"""Saving what was read from logs: what is acknowledged stays, and every row counts exactly once.

The promise, and how it is kept:

- Rows go into a Parquet segment under a temporary name; the file is fsynced, renamed, and its folder
  fsynced. Only then is it registered in the ledger, in one transaction with the sources whose rows it
  holds. A row counts if, and only if, the ledger lists its source for its segment. `save` returns
  after the commit: from there on a crash of the process or of the machine loses nothing. A crash
  before it leaves a file that counts for nothing and is removed a day later.
- A source is named by the digest of its bytes, and the ledger keeps for each one which version of the
  catalogue read it. Saving it again with the same version adds nothing; of two processes that save
  it at once one adds it, since both decide under the ledger's write lock. A version that this store
  saw first later replaces the earlier one's reading, in the same transaction that adds its own; an
  earlier version never replaces a later one's. A log that has grown since it was saved replaces what
  was saved of it in the same way.
- Many processes may save, read and compact at once. A file is removed after the transaction that
  made it count for nothing, and only while nobody reads (a reader holds a lock that is shared among
  readers); what could not be removed then is removed later, like what a crash left.
"""

import fcntl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy

from kernward.records.errors import StoreError
from kernward.store import segments
from kernward.store.ledger import PARTS, READINGS, SEGMENTS, SOURCES, Ledger, now, reading_of
from kernward.store.rows import REPORT, TEXT
from kernward.store.segments import Segment
from kernward.store.sources import Kept, Saved

# A segment is written when this many rows, or this much text, have come together.
FLUSH_ROWS = 16_000
FLUSH_BYTES = 12 << 20
# SQLite takes at most 32,766 parameters in a statement; older ones 999.
_AT_ONCE = 500


def ledger_path(home: Path) -> Path:
    """Where the ledger of the store lies."""
    return home / "ledger.sqlite"


def facts_path(home: Path) -> Path:
    """Where the segments of the store lie."""
    return home / "facts"


def shorter(home: Path, sources: Sequence[Kept]) -> dict[str, list[tuple[str, int]]]:
    """By digest of a source: digest and size of what was saved under its name, or opened with the same
    event, and was shorter. Whether it is the beginning of that source is for the caller to find out.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    if not ledger_path(home).exists():
        return found
    by_name: dict[str, list[Kept]] = {}
    for source in sources:
        by_name.setdefault(source.name, []).append(source)
    by_opening = {source.opening: [source] for source in sources if source.opening is not None}
    ledger = Ledger(ledger_path(home))
    try:
        with ledger.reading() as connection:
            for column, wanted in ((SOURCES.c.name, by_name), (SOURCES.c.opening, by_opening)):
                for some in _pieces(list(wanted)):
                    query = sqlalchemy.select(column, SOURCES.c.digest, SOURCES.c.size_bytes).where(
                        column.in_(some), SOURCES.c.within.is_(None), SOURCES.c.size_bytes > 0
                    )
                    for key, digest, size_bytes in connection.execute(query):
                        for source in wanted[key]:
                            candidates = found.setdefault(source.digest, [])
                            if size_bytes < source.size_bytes and (digest, size_bytes) not in candidates:
                                candidates.append((digest, size_bytes))
    finally:
        ledger.close()
    return found


def save(home: Path, catalogue: str, sources: Sequence[Kept]) -> Saved:
    """Save what the catalogue version read from the sources; returns once it will not be lost."""
    ledger = Ledger(ledger_path(home))
    try:
        with ledger.writing() as connection:
            reading = reading_of(connection, catalogue)
            known = _known(connection, reading, [source.digest for source in sources])
        saved = Saved(known=0)
        batch = _Batch(home, catalogue)
        for source in sources:
            if source.digest in known:
                saved = Saved(saved.sources, saved.events, saved.known + 1)
                continue
            known.add(source.digest)
            batch.add(source)
            if batch.flushed:
                saved = _sum(saved, _commit(ledger, batch, reading))
        if batch.sources:
            saved = _sum(saved, _commit(ledger, batch, reading))
        return saved
    finally:
        ledger.close()


class _Batch:
    """Sources on their way into the store; a source's rows may lie in several segments."""

    def __init__(self, home: Path, catalogue: str) -> None:
        self.home = home
        self._catalogue = catalogue
        self._rows: list[list[Any]] = []
        self._size_bytes = 0
        self.sources: list[Kept] = []
        self.segments: list[Segment] = []

    @property
    def flushed(self) -> bool:
        return bool(self.segments) or len(self.sources) >= FLUSH_ROWS

    def add(self, source: Kept) -> None:
        self.sources.append(source)
        for row in source.rows():
            row += (source.digest, self._catalogue)
            self._rows.append(row)
            self._size_bytes += len(row[TEXT]) + len(row[REPORT])
            if len(self._rows) >= FLUSH_ROWS or self._size_bytes >= FLUSH_BYTES:
                self.flush()

    def flush(self) -> None:
        for day, rows in segments.by_date(self._rows).items():
            self.segments.append(segments.write(facts_path(self.home), day, rows))
        self._rows = []
        self._size_bytes = 0

    def clear(self) -> None:
        self.sources = []
        self.segments = []


def _commit(ledger: Ledger, batch: _Batch, reading: int) -> Saved:
    batch.flush()
    facts = facts_path(batch.home)
    added: dict[str, Kept] = {}
    unused: list[str] = []
    with ledger.writing() as connection:
        known = _known(connection, reading, [source.digest for source in batch.sources])
        added = {source.digest: source for source in batch.sources if source.digest not in known}
        unused += _replace(connection, reading, added)
        for segment in batch.segments:
            parts = {digest: rows for digest, rows in segment.parts.items() if digest in added}
            if not parts:
                unused.append(segment.path)
                continue
            if not (facts / segment.path).is_file():
                raise StoreError(
                    f"the segment {facts / segment.path} vanished before it was registered; read again"
                )
            register(connection, segment, parts)
    remove(batch.home, unused)
    saved = Saved(len(added), sum(source.count for source in added.values()), len(batch.sources) - len(added))
    batch.clear()
    return saved


def register(connection: sqlalchemy.Connection, segment: Segment, parts: dict[str, int]) -> None:
    """Make the rows of these sources in the segment count."""
    number = connection.execute(
        SEGMENTS.insert().values(
            fact="events",
            date=segment.date,
            path=segment.path,
            rows=segment.rows,
            size_bytes=segment.size_bytes,
            first_time_s=segment.first_time_s,
            last_time_s=segment.last_time_s,
        )
    ).inserted_primary_key
    assert number is not None
    connection.execute(
        PARTS.insert(),
        [{"segment": number[0], "digest": digest, "rows": rows} for digest, rows in parts.items()],
    )


def drop_empty(connection: sqlalchemy.Connection) -> list[str]:
    """Take segments of which no row counts out of the ledger; returns their paths, to be removed."""
    used = sqlalchemy.select(PARTS.c.segment)
    empty = connection.execute(
        sqlalchemy.select(SEGMENTS.c.id, SEGMENTS.c.path).where(SEGMENTS.c.id.not_in(used))
    ).all()
    for some in _pieces([row.id for row in empty]):
        connection.execute(SEGMENTS.delete().where(SEGMENTS.c.id.in_(some)))
    return [row.path for row in empty]


def remove(home: Path, paths: Iterable[str]) -> None:
    """Remove files that count for nothing, unless somebody is reading: then they stay for `tidy`."""
    waiting = list(paths)
    if not waiting:
        return
    with unread(home) as alone:
        if alone:
            for path in waiting:
                with suppress(OSError):
                    (facts_path(home) / path).unlink()


@contextmanager
def being_read(home: Path) -> Iterator[None]:
    """While this holds no segment is removed."""
    try:
        file = (home / "readers.lock").open("ab")
    except OSError:
        yield  # A store that this process may not write to: a segment may go missing, which is said.
        return
    with file:
        # Whoever removes files holds the lock for as long as that takes: milliseconds.
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def unread(home: Path) -> Iterator[bool]:
    """True when nobody reads; nobody begins to as long as this holds."""
    with (home / "readers.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def _replace(connection: sqlalchemy.Connection, reading: int, added: dict[str, Kept]) -> list[str]:
    """Note the sources as read by this reading; rows of an earlier one no longer count."""
    if not added:
        return []
    replaced = False
    for some in _pieces(list(added)):
        replaced |= connection.execute(PARTS.delete().where(PARTS.c.digest.in_(some))).rowcount > 0
        connection.execute(SOURCES.delete().where(SOURCES.c.digest.in_(some)))
    connection.execute(
        SOURCES.insert(),
        [
            {
                "digest": source.digest,
                "reading": reading,
                "name": source.name,
                "size_bytes": source.size_bytes,
                "within": None,
                "opening": source.opening,
                "rows": source.count,
                "saved_at_utc": now(),
            }
            for source in added.values()
        ],
    )
    for source in added.values():
        for some in _pieces(source.outgrown):
            connection.execute(
                SOURCES.update().where(SOURCES.c.digest.in_(some)).values(within=source.digest, rows=0)
            )
            replaced |= connection.execute(PARTS.delete().where(PARTS.c.digest.in_(some))).rowcount > 0
    return drop_empty(connection) if replaced else []


def _known(connection: sqlalchemy.Connection, reading: int, digests: Sequence[str]) -> set[str]:
    """The sources whose reading that counts is by this version of the catalogue or by a newer one, and
    those that are part of another one by now."""
    known: set[str] = set()
    for some in _pieces(digests):
        counts = sqlalchemy.or_(SOURCES.c.reading >= reading, SOURCES.c.within.is_not(None))
        query = sqlalchemy.select(SOURCES.c.digest).where(SOURCES.c.digest.in_(some), counts)
        known.update(connection.execute(query).scalars())
    return known


def _pieces(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _sum(one: Saved, other: Saved) -> Saved:
    return Saved(one.sources + other.sources, one.events + other.events, one.known + other.known)


def catalogues(connection: sqlalchemy.Connection) -> list[str]:
    """The catalogue versions whose readings count for some source, oldest first."""
    query = (
        sqlalchemy.select(READINGS.c.catalogue)
        .where(READINGS.c.id.in_(sqlalchemy.select(SOURCES.c.reading)))
        .order_by(READINGS.c.id)
    )
    return list(connection.execute(query).scalars())
