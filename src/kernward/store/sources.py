"""What is handed to the store: sources that were read, each with its rows; and what came of it.

Apart from `facts`, so that whoever only reads logs need not load the databases.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kept:
    """One source that was read: its digest and name, and its rows, which are asked for at most once.

    `size_bytes` is how much was read. `outgrown` are digests of saved sources that are the beginning
    of this one: the same log, read when it was shorter. `opening` is a digest of the first event where
    that is one of a kind: by it a log is found again that has another name since.
    """

    digest: str
    name: str
    count: int
    rows: Callable[[], Iterable[list[Any]]]
    size_bytes: int = 0
    outgrown: tuple[str, ...] = ()
    opening: str | None = None


@dataclass(frozen=True)
class Saved:
    """What a save did: sources and events added, and sources that were there already."""

    sources: int = 0
    events: int = 0
    known: int = 0
