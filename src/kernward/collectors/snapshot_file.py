"""A snapshot file: samples of one machine that can be carried elsewhere, as JSON lines compressed with zstd.

The first line says what it is and what each field of each source means; every further line is a sample. It
is read without trust: its size, its lines and the memory to unpack it are bounded whatever it claims, a
record that is not as expected costs its own source only, and what a newer kernward wrote besides is left
out with a word. A file that ends early gives the samples before its end.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import zstandard

from kernward import __version__
from kernward.collectors.sample import Sample
from kernward.collectors.source import AnySource, Source
from kernward.collectors.sources import sources
from kernward.records.errors import InputError

FORMAT = 1
# Samples of a machine with 5,000 processes and 2,000 cgroups have about 4 MB.
MOST_LINE_BYTES = 64 << 20
MOST_BYTES = 1 << 30
MOST_SAMPLES = 100_000
# Of what is wrong with single records only so much is told.
MOST_NOTES = 20
_WINDOW_BYTES = 1 << 27
_PIECE = 1 << 20


class Snapshot(msgspec.Struct, frozen=True):
    """What a file held: at least one sample, and sentences on what of it could not be used."""

    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line. `sources` has kind, unit and meaning of each field, for whoever reads without kernward."""

    kernward_snapshot: int
    made_by: str
    sources: Mapping[str, Mapping[str, tuple[str, str, str]]] = {}


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    at_utc: datetime
    at_s: float
    boot_id: str | None = None
    kernel: str | None = None
    read: dict[str, msgspec.Raw]
    read_at_s: dict[str, float]
    asked: dict[str, tuple[str, ...]] = {}
    absent: dict[str, str] = {}
    missing: dict[str, str] = {}
    cost_s: float | None = None
    reader: str | None = None


_encode = msgspec.json.Encoder().encode
_header = msgspec.json.Decoder(Header).decode
_line = msgspec.json.Decoder(_Line).decode


def write(path: Path, samples: Iterable[Sample], known: Mapping[str, AnySource] | None = None) -> int:
    """Write the samples as they come; the file appears under its name when it is whole. Returns its size."""
    meant = {
        name: {field: (each.kind, each.unit, each.doc) for field, each in source.quantities.items()}
        for name, source in (sources() if known is None else known).items()
    }
    header = Header(kernward_snapshot=FORMAT, made_by=__version__, sources=meant)
    # Beside the file, so that the renaming cannot cross to another file system.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("xb") as file:
            with zstandard.ZstdCompressor(level=9).stream_writer(file, closefd=False) as pack:
                pack.write(_encode(header) + b"\n")
                for sample in samples:
                    pack.write(encode(sample) + b"\n")
                    # So that a file that was cut gives the samples before the cut.
                    pack.flush(zstandard.FLUSH_BLOCK)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        unfinished.replace(path)
    except OSError as error:
        raise InputError(f"{path}: the snapshot cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return size


def encode(sample: Sample) -> bytes:
    """The sample as JSON; bytes in names that are no UTF-8 are shown as \\xNN."""
    try:
        return _encode(sample)
    except UnicodeEncodeError:
        return _encode(_printable(msgspec.to_builtins(sample)))


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {_printable(key): _printable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(each) for each in value]
    return value


def is_snapshot(path: Path) -> bool:
    """Whether the file begins as a snapshot does."""
    try:
        with path.open("rb") as file:
            first = next(_lines(file, most_bytes=MOST_LINE_BYTES), b"")
    except (OSError, InputError, zstandard.ZstdError):
        return False
    return first.startswith(b'{"kernward_snapshot"')


def read(path: Path, known: Mapping[str, AnySource] | None = None) -> Snapshot:
    """The samples of the file in their order; raises InputError when there is not even one."""
    reading = _Reading(sources() if known is None else known)
    found: list[Sample] = []
    try:
        with path.open("rb") as file:
            lines = _lines(file, most_bytes=MOST_BYTES)
            first = next(lines, b"")
            _check(first)
            for line in lines:
                if len(found) == MOST_SAMPLES:
                    reading.note(f"after {MOST_SAMPLES:,} samples the rest was not read")
                    break
                found.append(reading.sample(line))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except (zstandard.ZstdError, msgspec.MsgspecError, RecursionError, InputError) as error:
        if not found:
            raise InputError(f"{path}: it is no snapshot of kernward: {error}") from None
        reading.note(f"after {len(found)} samples it cannot be read: {error}")
    if not found:
        raise InputError(f"{path}: the snapshot ends before its first sample")
    return Snapshot(tuple(found), tuple(f"{path}: {each}" for each in reading.notes()))


def _check(line: bytes) -> None:
    if not line:
        raise InputError("it ends before its first line")
    header = _header(line)
    if header.kernward_snapshot > FORMAT:
        raise InputError(
            f"it was written by kernward {header.made_by[:40]} in format {header.kernward_snapshot}, "
            f"this one reads format {FORMAT}"
        )


class _Reading:
    """Makes samples of lines, and keeps what to say about them."""

    def __init__(self, known: Mapping[str, AnySource]) -> None:
        self._known = known
        self._decoders: dict[str, Callable[[bytes], Any]] = {}
        self._unknown: set[str] = set()
        self._notes: dict[str, None] = {}

    def _decoder(self, source: AnySource) -> Callable[[bytes], Any]:
        if source.name not in self._decoders:
            record: Any = source.record
            wanted = record if isinstance(source, Source) else dict[str, record]
            self._decoders[source.name] = msgspec.json.Decoder(wanted).decode
        return self._decoders[source.name]

    def note(self, sentence: str) -> None:
        if len(self._notes) < MOST_NOTES:
            self._notes[sentence] = None

    def notes(self) -> list[str]:
        found = list(self._notes)
        if self._unknown:
            names = sorted(self._unknown)
            shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
            found.append(f"sources that this kernward does not know are left out: {shown}")
        return found

    def sample(self, line: bytes) -> Sample:
        raw = _line(line)
        read: dict[str, Any] = {}
        absent = dict(raw.absent)
        for name, value in raw.read.items():
            source = self._known.get(name)
            if source is None:
                if len(self._unknown) < MOST_NOTES:
                    self._unknown.add(name[:80])
                continue
            try:
                read[name] = self._decoder(source)(value)
            except (msgspec.MsgspecError, RecursionError) as error:
                absent[name] = f"the snapshot holds it in another form: {error}"
                self.note(f"{name} could not be read: {error}")
        return Sample(
            host=raw.host,
            boot_id=raw.boot_id,
            kernel=raw.kernel,
            at_utc=raw.at_utc,
            at_s=raw.at_s,
            read=read,
            read_at_s={name: raw.read_at_s.get(name, raw.at_s) for name in read},
            asked={name: some for name, some in raw.asked.items() if name in read},
            absent=absent,
            missing=raw.missing,
            cost_s=raw.cost_s,
            reader=raw.reader,
        )


def _lines(file: IO[bytes], most_bytes: int) -> Iterator[bytes]:
    """The whole lines of a compressed file; raises InputError where it is larger than it may be, or torn."""
    unpack = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
    held = bytearray()
    total = 0
    with unpack.stream_reader(file, read_size=1 << 16, read_across_frames=False) as stream:
        while piece := stream.read(_PIECE):
            total += len(piece)
            if total > most_bytes:
                raise InputError(f"it unpacks to more than {most_bytes >> 20} MB")
            start, searched = 0, len(held)
            held += piece
            while (end := held.find(b"\n", searched)) >= 0:
                yield bytes(held[start:end])
                start = searched = end + 1
            del held[:start]
            if len(held) > MOST_LINE_BYTES:
                raise InputError(f"it has a line of more than {MOST_LINE_BYTES >> 20} MB")
    if held:
        raise InputError("it ends in the middle of a line")
