"""What a log format is: a name, a way to recognise it, and a way to get lines from bytes.

A format whose text stands on the line as it is gives a `parse` function, and its bytes are scanned
in place. A format that escapes, splits or reorders text gives a `decode` function instead.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from kernward.records.lines import Line

# Takes whole lines (decoded as latin-1, so that a character is a byte; no newline at the end), the
# offset of the first in the source, and how many lines are wanted at most.
Parse = Callable[[str, int, int], list[Line]]


@dataclass(frozen=True)
class Context:
    """What a reader is told besides the bytes.

    `zone` is the zone of times that do not say theirs. `reference` is a moment that a time without a
    year is at most a day after. `report` takes a sentence about damage at an offset of the source.
    """

    zone: tzinfo
    reference: datetime
    report: Callable[[str], None]


class ByteReader(Protocol):
    """The decompressed bytes of a source, in order. Returns b"" at the end."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        ...


@dataclass(frozen=True)
class Format:
    """A log format. Exactly one of `parse` and `decode` is there.

    `sniff` scores a sample of whole lines from 0 (not this) to 1. `parse` makes a parser fitted to
    the sample. Where a line that begins with `continued` goes on from the line above it, both are
    always parsed together. `example` is a line or record of the format's own, and `about` what its
    module says of it, for the documentation.
    """

    name: str
    summary: str
    example: bytes
    sniff: Callable[[bytes], float]
    parse: Callable[[bytes, Context], Parse] | None = None
    decode: Callable[[ByteReader, Context], Iterator[Line]] | None = None
    continued: bytes | None = None
    about: str = ""
