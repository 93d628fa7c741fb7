"""The ledger's part on facts: which segments there are, and whose rows in them count.

SQLite in WAL mode with full synchronisation: once a transaction is committed it survives a crash of
the process and of the machine. Transactions that write take the lock when they begin, so that what
they read first still holds when they write.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Column, Float, ForeignKey, Integer, MetaData, Table, Text
from sqlalchemy.dialects.sqlite import insert

from kernward.records.errors import StoreError
from kernward.store.disk import make

SCHEMA = 2
# How long a process waits for another one's transaction; none lasts longer than a few milliseconds.
BUSY_S = 30

METADATA = MetaData()

# Catalogue versions in the order in which this store first saw them. A version is a digest, which
# has no order of its own; the later seen one is the newer one.
READINGS = Table(
    "readings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("catalogue", Text, nullable=False, unique=True),
    Column("first_seen_utc", Text, nullable=False),
    sqlite_autoincrement=True,
)

# Each source whose facts are kept, and the catalogue whose reading of it counts. A log that had grown
# when it was read again is `within` the source that it has become, and has no facts of its own.
SOURCES = Table(
    "sources",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("reading", Integer, ForeignKey("readings.id"), nullable=False),
    Column("name", Text, nullable=False, index=True),
    Column("size_bytes", Integer, nullable=False),
    Column("within", Text),
    Column("opening", Text, index=True),
    Column("rows", Integer, nullable=False),
    Column("saved_at_utc", Text, nullable=False),
)

# Parquet files. `path` is relative to the folder of facts. `rows` includes those that do not count.
SEGMENTS = Table(
    "segments",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("fact", Text, nullable=False),
    Column("date", Text),
    Column("path", Text, nullable=False, unique=True),
    Column("rows", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("first_time_s", Float),
    Column("last_time_s", Float),
    sqlite_autoincrement=True,
)

# A row of a segment counts if its source is listed here for this segment, and not otherwise.
PARTS = Table(
    "parts",
    METADATA,
    Column("segment", Integer, ForeignKey("segments.id"), primary_key=True),
    Column("digest", Text, ForeignKey("sources.digest"), primary_key=True, index=True),
    Column("rows", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# Parquet files with samples, each of one boot of one host and of one date.
SAMPLE_SEGMENTS = Table(
    "sample_segments",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("host", Text, nullable=False, index=True),
    Column("boot", Text),
    Column("kernel", Text),
    Column("date", Text, nullable=False),
    Column("path", Text, nullable=False, unique=True),
    Column("rows", Integer, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("first_time_s", Float, nullable=False),
    Column("last_time_s", Float, nullable=False),
    sqlite_autoincrement=True,
)

# Journals whose samples are in segments: such a file counts for nothing, should it still be there.
JOURNALS = Table("journals", METADATA, Column("name", Text, primary_key=True), sqlite_with_rowid=False)


class Ledger:
    """An open ledger. `reading` and `writing` give connections within one transaction each."""

    def __init__(self, path: Path) -> None:
        try:
            make(path.parent)
        except OSError as error:
            raise StoreError(
                f"the store's folder {path.parent} cannot be made: {error.strerror}; "
                "KERNWARD_HOME names another place, --no-save reads without one"
            ) from error
        self._path = path
        self._engine = sqlalchemy.create_engine(
            sqlalchemy.URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_S}
        )
        sqlalchemy.event.listen(self._engine, "connect", _prepare)
        sqlalchemy.event.listen(self._engine, "begin", _begin)
        self._check()

    @contextmanager
    def reading(self) -> Iterator[sqlalchemy.Connection]:
        """A connection that sees one state of the ledger."""
        with self._explained(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlalchemy.Connection]:
        """A connection that alone may write; committed at the end, undone when an exception leaves."""
        with self._explained(), self._engine.connect() as connection:
            locked = connection.execution_options(kernward_writes=True)
            with locked.begin():
                yield locked

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _check(self) -> None:
        with self.reading() as connection:
            schema = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if schema == SCHEMA:
            return
        if schema > SCHEMA:
            raise StoreError(
                f"{self._path} was made by a newer kernward (schema {schema}, this one knows {SCHEMA}); "
                "use that version, or another KERNWARD_HOME"
            )
        with self.writing() as connection:
            # Another process may have made them meanwhile; what is there stays.
            METADATA.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlalchemy.exc.DatabaseError as error:
            raise StoreError(f"the ledger {self._path} cannot be used: {error.orig}") from error


def reading_of(connection: sqlalchemy.Connection, catalogue: str) -> int:
    """The number of a catalogue version: higher is newer. A version not seen before is the newest."""
    connection.execute(
        insert(READINGS).values(catalogue=catalogue, first_seen_utc=now()).on_conflict_do_nothing()
    )
    number: int = connection.execute(
        sqlalchemy.select(READINGS.c.id).where(READINGS.c.catalogue == catalogue)
    ).scalar_one()
    return number


def now() -> str:
    """The time of writing, for the record only: nothing is decided by clocks."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _prepare(connection: Any, _record: object) -> None:
    # The driver is not to begin transactions by itself: it would begin them without the lock.
    connection.isolation_level = None
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")


def _write_ahead(connection: Any) -> None:
    """A new ledger is switched to WAL with a lock that SQLite does not wait for where another process switches it too."""
    ends_s = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > ends_s:
                raise
        time.sleep(0.005)


def _begin(connection: sqlalchemy.Connection) -> None:
    writes = connection.get_execution_options().get("kernward_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
