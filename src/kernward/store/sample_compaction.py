"""Samples from finished journals into segments, small segments into larger ones, and old ones away.

A journal's samples count where the ledger does not list the journal: in the journal itself. In the transaction
that registers its segments the journal is listed, and from then on they count in the segments alone; so no
sample is lost or doubled, whenever this process is killed. A journal that a recorder still writes is left
alone. Runs beside recorders and readers, one process at a time.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import sqlalchemy

from kernward.store import journal, recorded, sample_table
from kernward.store.disk import make
from kernward.store.facts import facts_path, ledger_path, remove, unread
from kernward.store.ledger import JOURNALS, SAMPLE_SEGMENTS, Ledger
from kernward.store.segments import write_whole

# A recorder that is started and stopped leaves many small segments: so many of one boot and date, each with
# fewer rows than this, are made into one.
MANY = 8
SMALL_ROWS = 400_000
MOST_ROWS = 2_000_000
# A file that the ledger does not know may be one that is about to be registered.
SAFE_AGE_S = 24 * 3600


@dataclass
class Done:
    """What a compaction did: journals, the values in them, and the size of the segments made of them."""

    journals: int = 0
    values: int = 0
    size_bytes: int = 0
    merged: int = 0
    removed: int = 0
    notes: list[str] = field(default_factory=list)


def compact(home: Path, *, keep_days: int | None = None, host: str | None = None, many: int = MANY) -> Done:
    """Do all of it; nothing when another process is at it. What is too old goes of one host, or of all."""
    done = Done()
    with _alone(home) as alone:
        if not alone:
            return done
        ledger = Ledger(ledger_path(home))
        try:
            for path in journal.paths(home):
                _take_over(home, ledger, path, done)
            _merge(home, ledger, many, done)
            if keep_days is not None:
                _forget(home, ledger, time.time() - keep_days * 86400, host, done)
            _clean(home, ledger)
        finally:
            ledger.close()
    return done


def _take_over(home: Path, ledger: Ledger, path: Path, done: Done) -> None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        if journal.held(file):
            return
        with ledger.reading() as connection:
            known = connection.execute(
                sqlalchemy.select(JOURNALS.c.name).where(JOURNALS.c.name == path.name)
            ).first()
        if known is None:
            found = recorded.read(file)
            if found is None:
                _set_aside(path, done)
                return
            heading, samples = found
            made = [_write(home, heading, day, some) for day, some in sample_table.by_date(list(samples))]
            with ledger.writing() as connection:
                for values in made:
                    connection.execute(SAMPLE_SEGMENTS.insert().values(**values))
                connection.execute(JOURNALS.insert().values(name=path.name))
            done.journals += 1
            done.values += sum(values["rows"] for values in made)
            done.size_bytes += sum(values["size_bytes"] for values in made)
        path.unlink(missing_ok=True)


def _set_aside(path: Path, done: Done) -> None:
    """A recorder that was killed before its first sample leaves nothing; anything else is damage."""
    if path.stat().st_size <= len(journal.MAGIC):
        path.unlink(missing_ok=True)
        return
    aside = path.with_suffix(".unreadable")
    path.rename(aside)
    done.notes.append(f"the journal {path} cannot be read from its beginning on; it is kept as {aside.name}")


def _write(
    home: Path, heading: recorded.Heading, day: str, samples: list[recorded.Recorded]
) -> dict[str, Any]:
    """Write samples of one date as a segment; returns what the ledger is told of it."""
    first, last = samples[0].at_us / 1e6, samples[-1].at_us / 1e6
    path, rows, size = _segment(home, day, sample_table.tables(heading, samples))
    return {
        "host": heading.host,
        "boot": heading.boot_id,
        "kernel": heading.kernel,
        "date": day,
        "path": path,
        "rows": rows,
        "samples": len(samples),
        "size_bytes": size,
        "first_time_s": first,
        "last_time_s": last,
    }


def _segment(home: Path, day: str, pieces: Iterator[pyarrow.Table]) -> tuple[str, int, int]:
    """Its path below the folder of facts, its rows and its size in bytes."""
    rows, path, size = write_whole(
        facts_path(home),
        f"samples/date={day}/{journal.ulid()}.parquet",
        lambda file: sample_table.write(file, pieces),
    )
    return path, rows, size


def _merge(home: Path, ledger: Ledger, many: int, done: Done) -> None:
    with ledger.reading() as connection:
        small = connection.execute(
            sqlalchemy.select(SAMPLE_SEGMENTS)
            .where(SAMPLE_SEGMENTS.c.rows < SMALL_ROWS)
            .order_by(SAMPLE_SEGMENTS.c.first_time_s)
        ).all()
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for segment in small:
        groups.setdefault((segment.host, segment.boot, segment.kernel, segment.date), []).append(segment)
    for group in groups.values():
        if len(group) < many:
            continue
        chosen: list[Any] = []
        rows = 0
        for segment in group:
            rows += segment.rows
            if chosen and rows > MOST_ROWS:
                break
            chosen.append(segment)
        if len(chosen) > 1:
            _merge_these(home, ledger, chosen, done)


def _merge_these(home: Path, ledger: Ledger, chosen: list[Any], done: Done) -> None:
    facts = facts_path(home)
    pieces = []
    for segment in chosen:
        try:
            pieces.append(
                pyarrow.parquet.read_table(
                    facts / segment.path, schema=sample_table.SCHEMA, partitioning=None
                )
            )
        except (OSError, pyarrow.ArrowException) as error:
            # What is left of it is not for us to drop; readers say so too.
            done.notes.append(f"the segment {facts / segment.path} cannot be read: {error}")
            return
    table = pyarrow.concat_tables(pieces)
    if table.num_rows != sum(segment.rows for segment in chosen):
        return  # The segments do not hold what the ledger says; better left as they are.
    table = table.sort_by([(name, "ascending") for name in sample_table.SORTED_BY])
    first = chosen[0]
    path, rows, size = _segment(home, first.date, iter([table]))
    ids = [segment.id for segment in chosen]
    with ledger.writing() as connection:
        connection.execute(SAMPLE_SEGMENTS.delete().where(SAMPLE_SEGMENTS.c.id.in_(ids)))
        connection.execute(
            SAMPLE_SEGMENTS.insert().values(
                host=first.host,
                boot=first.boot,
                kernel=first.kernel,
                date=first.date,
                path=path,
                rows=rows,
                samples=sum(segment.samples for segment in chosen),
                size_bytes=size,
                first_time_s=min(segment.first_time_s for segment in chosen),
                last_time_s=max(segment.last_time_s for segment in chosen),
            )
        )
    remove(home, [segment.path for segment in chosen])
    done.merged += len(chosen)


def _forget(home: Path, ledger: Ledger, before_s: float, host: str | None, done: Done) -> None:
    old = SAMPLE_SEGMENTS.c.last_time_s < before_s
    if host is not None:
        old = sqlalchemy.and_(old, SAMPLE_SEGMENTS.c.host == host)
    with ledger.writing() as connection:
        paths = list(connection.execute(sqlalchemy.select(SAMPLE_SEGMENTS.c.path).where(old)).scalars())
        connection.execute(SAMPLE_SEGMENTS.delete().where(old))
    remove(home, paths)
    done.removed += len(paths)


def _clean(home: Path, ledger: Ledger) -> None:
    """Remove files that no ledger entry names and that are too old to be on their way into one."""
    facts = facts_path(home)
    oldest = time.time() - SAFE_AGE_S
    there = {path.name for path in journal.paths(home)}
    with ledger.writing() as connection:
        # A journal that is gone need not be remembered.
        listed = set(connection.execute(sqlalchemy.select(JOURNALS.c.name)).scalars())
        for name in listed - there:
            connection.execute(JOURNALS.delete().where(JOURNALS.c.name == name))
    with unread(home) as nobody:
        if not nobody:
            return
        with ledger.reading() as connection:
            known = set(connection.execute(sqlalchemy.select(SAMPLE_SEGMENTS.c.path)).scalars())
        for pattern in ("*.parquet", ".*.part"):
            for path in facts.glob(f"samples/date=*/{pattern}"):
                with suppress(OSError):
                    if os.path.relpath(path, facts) not in known and path.stat().st_mtime < oldest:
                        path.unlink()


@contextmanager
def _alone(home: Path) -> Iterator[bool]:
    make(journal.folder(home))
    with (journal.folder(home) / "compaction.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
