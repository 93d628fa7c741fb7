"""A sample as the store keeps it: sources, entities and values by name, whatever sources there are.

The store knows nothing of collectors; a journal's first frame says which fields each source has, so that a
recording is read as it was meant by whichever version of kernward reads it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from kernward.store import journal

FORMAT = 1


class Field(msgspec.Struct, frozen=True, array_like=True):
    """A field of a source: its name, counter, gauge, identity or fact, and its unit."""

    name: str
    kind: str
    unit: str


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all samples of a journal. `single` are sources with one record for the machine."""

    format: int = FORMAT
    made_by: str
    host: str
    boot_id: str | None
    kernel: str | None
    sources: dict[str, tuple[Field, ...]]
    single: tuple[str, ...] = ()


class Recorded(msgspec.Struct, frozen=True, array_like=True):
    """One sample. `read` holds, by source, the values of a record in the order of its fields, or of each
    entity's. `cut` names sources of which not every entity was kept."""

    # Microseconds since 1970, and seconds since boot.
    at_us: int
    at_s: float
    cost_s: float | None
    read: dict[str, Any]
    # How long after the sample's begin each source was read.
    after_s: dict[str, float]
    absent: dict[str, str] = {}
    missing: dict[str, str] = {}
    cut: tuple[str, ...] = ()


_encode = msgspec.msgpack.Encoder().encode
_heading = msgspec.msgpack.Decoder(Heading).decode
_recorded = msgspec.msgpack.Decoder(Recorded).decode


def encode(value: Heading | Recorded) -> bytes:
    """As a frame of a journal. Bytes in names that are no UTF-8 become \\xNN."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(printable(msgspec.to_builtins(value)))


def printable(value: Any) -> Any:
    """The same with every text fit for UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return {printable(key): printable(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [printable(each) for each in value]
    return value


def read(file: IO[bytes]) -> tuple[Heading, Iterator[Recorded]] | None:
    """A journal's heading and samples; None when it holds no heading that can be read."""
    frames = journal.frames(file)
    try:
        heading = _heading(next(frames, b""))
    except msgspec.MsgspecError:
        return None
    if heading.format > FORMAT:
        return None
    return heading, _samples(frames)


def read_path(path: Path) -> tuple[Heading, list[Recorded]] | None:
    """The same of a file, whole; None when there is nothing to be read."""
    try:
        with path.open("rb") as file:
            found = read(file)
            return None if found is None else (found[0], list(found[1]))
    except OSError:
        return None


def _samples(frames: Iterator[bytes]) -> Iterator[Recorded]:
    for frame in frames:
        try:
            yield _recorded(frame)
        except msgspec.MsgspecError:
            return
