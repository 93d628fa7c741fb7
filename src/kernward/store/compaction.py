"""Compaction: many small segments become one, rows that no longer count go, files left behind go.

Runs by itself after a save, bounded in what it takes on at once, one process at a time. Inputs are
replaced by the output in one transaction, and only if all of them are still there; whatever was
replaced by a newer reading meanwhile is left out of what counts. So no row is lost or doubled,
whoever saves or reads beside it.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import sqlalchemy

from kernward.store import segments
from kernward.store.facts import drop_empty, facts_path, ledger_path, register, remove, unread
from kernward.store.ledger import PARTS, SEGMENTS, Ledger

# A date with more small segments than this is compacted.
MANY = 24
SMALL_ROWS = 10_000
# Bounds of one compaction: it runs after somebody's command.
MOST_SEGMENTS = 256
MOST_ROWS = 50_000
MOST_BYTES = 8 << 20
# A file that the ledger does not know may be one that is about to be registered.
SAFE_AGE_S = 24 * 3600


def tidy(home: Path, *, many: int = MANY, safe_age_s: float = SAFE_AGE_S) -> int:
    """Compact the date that needs it most and remove old leftovers; returns how many segments went."""
    with _alone(home) as alone:
        if not alone:
            return 0
        ledger = Ledger(ledger_path(home))
        try:
            with ledger.reading() as connection:
                chosen = _choose(connection, many)
            gone = _compact(home, ledger, chosen) if chosen else 0
            _clean(home, ledger, safe_age_s)
            return gone
        finally:
            ledger.close()


def _choose(connection: sqlalchemy.Connection, many: int) -> list[Any]:
    """The segments to be made into one: of one date, small, or mostly of rows that do not count."""
    counting = (
        sqlalchemy.select(PARTS.c.segment, sqlalchemy.func.sum(PARTS.c.rows).label("counting"))
        .group_by(PARTS.c.segment)
        .subquery()
    )
    query = sqlalchemy.select(SEGMENTS, counting.c.counting).join(
        counting, counting.c.segment == SEGMENTS.c.id
    )
    by_date: dict[str | None, list[Any]] = {}
    for segment in connection.execute(query.order_by(SEGMENTS.c.id)):
        mostly_dead = segment.counting * 2 < segment.rows
        if segment.rows < SMALL_ROWS or mostly_dead:
            by_date.setdefault(segment.date, []).append(segment)
    chosen: list[Any] = []
    for found in by_date.values():
        wasted = sum(segment.rows - segment.counting for segment in found)
        if (len(found) > many or wasted > SMALL_ROWS) and len(found) > len(chosen):
            chosen = found
    within: list[Any] = []
    rows = size = 0
    for segment in chosen[:MOST_SEGMENTS]:
        rows += segment.rows
        size += segment.size_bytes
        if within and (rows > MOST_ROWS or size > MOST_BYTES):
            break
        within.append(segment)
    return within


def _compact(home: Path, ledger: Ledger, chosen: list[Any]) -> int:
    facts = facts_path(home)
    ids = [segment.id for segment in chosen]
    with ledger.reading() as connection:
        parts = connection.execute(sqlalchemy.select(PARTS).where(PARTS.c.segment.in_(ids))).all()
    tables = []
    readable = []
    for segment in chosen:
        digests = {part.digest for part in parts if part.segment == segment.id}
        try:
            table = pyarrow.parquet.read_table(
                facts / segment.path, schema=segments.SCHEMA, partitioning=None
            )
        except (OSError, pyarrow.ArrowException):
            continue  # Damaged or gone: readers say so; what is left of it is not for us to drop.
        readable.append(segment)
        alive = [digest in digests for digest in table["source_digest"].to_pylist()]
        tables.append(table.filter(pyarrow.array(alive, pyarrow.bool_())))
    if len(readable) < 2 and not any(
        table.num_rows < s.rows for table, s in zip(tables, readable, strict=True)
    ):
        return 0
    counts: dict[str, int] = {}
    inputs = {segment.id for segment in readable}
    for part in parts:
        if part.segment in inputs:
            counts[part.digest] = counts.get(part.digest, 0) + part.rows
    table = pyarrow.concat_tables(tables)
    if table.num_rows != sum(counts.values()):
        return 0  # The segments do not hold what the ledger says; better left as they are.
    firsts = [segment.first_time_s for segment in readable if segment.first_time_s is not None]
    lasts = [segment.last_time_s for segment in readable if segment.last_time_s is not None]
    span = (min(firsts), max(lasts)) if firsts and lasts else (None, None)
    made = segments.write_table(facts, readable[0].date, table, counts, span) if table.num_rows else None
    gone: list[str] = []
    with ledger.writing() as connection:
        there = PARTS.c.segment.in_(inputs)
        still = connection.execute(sqlalchemy.select(PARTS).where(there)).all()
        before = {(part.segment, part.digest) for part in parts if part.segment in inputs}
        now = {(part.segment, part.digest) for part in still}
        # A source that was replaced meanwhile no longer counts in any of the inputs.
        counting = {digest: rows for digest, rows in counts.items() if _unchanged(digest, before, now)}
        lost = {digest for _, digest in before} - counting.keys()
        if made is not None and any(digest in lost for _, digest in now):
            gone.append(made.path)  # Half of a source's parts are elsewhere now: leave all as it is.
        else:
            connection.execute(PARTS.delete().where(there))
            if made is not None and counting:
                register(connection, made, counting)
            elif made is not None:
                gone.append(made.path)
            gone += drop_empty(connection)
    remove(home, gone)
    return len(readable)


def _unchanged(digest: str, before: set[tuple[int, str]], now: set[tuple[int, str]]) -> bool:
    return {part for part in before if part[1] == digest} == {part for part in now if part[1] == digest}


def _clean(home: Path, ledger: Ledger, safe_age_s: float) -> None:
    """Remove files that no ledger entry names and that are too old to be on their way into one."""
    facts = facts_path(home)
    oldest = time.time() - safe_age_s
    found = [
        (path, os.path.relpath(path, facts))
        for pattern in ("*.parquet", ".*.part")
        for path in facts.glob(f"events/date=*/{pattern}")
    ]
    with unread(home) as alone:
        if not alone:
            return
        with ledger.reading() as connection:
            known = set(connection.execute(sqlalchemy.select(SEGMENTS.c.path)).scalars())
        for path, name in found:
            with suppress(OSError):
                if name not in known and path.stat().st_mtime < oldest:
                    path.unlink()


@contextmanager
def _alone(home: Path) -> Iterator[bool]:
    with (home / "compaction.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
