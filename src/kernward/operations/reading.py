"""Reading logs into a tally, with one process or several, and the same result either way.

Every process walks the same list of sources and reads those for which it drew the number; a number is
drawn when the process is free, so that one large source does not hold up the others. Only tallies,
offsets into temporary files and sentences go from process to process.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from kernward.events.boots import Replays
from kernward.events.recognise import recognise
from kernward.logs.sources import Buffer, Source, open_sources
from kernward.operations import tally as tallies
from kernward.operations.spool import Spool
from kernward.operations.tally import Tally
from kernward.records.errors import KernwardError
from kernward.records.events import Event
from kernward.records.safe_json import encode
from kernward.store.rows import row

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# Below this much input more processes cost more than they bring.
WORTH_SHARING_BYTES = 8 << 20

# Told now and then: how many sources were read, and how many bytes.
Progress = Callable[[int, int], None]


class Stretch(msgspec.Struct, array_like=True):
    """A source that was read, and where its rows and its printed events stand in the reader's spools."""

    place: int
    name: str
    digest: str | None
    opening: str | None
    size_bytes: int
    events: int
    rows_start: int
    lines_start: int
    lines_size: int


class Outcome(msgspec.Struct, array_like=True):
    """What one process found: the tally, encoded, and what could not be read, by place in the input."""

    tally: bytes
    unreadable: list[tuple[int, str]]
    sources_seen: int


class Input:
    """All that was read: the tally, the sources, and their rows until `close`."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.unreadable: list[str] = []
        self.stretches: list[tuple[Stretch, Spool | None]] = []
        self._spools: list[Spool] = []

    def spool(self) -> Spool:
        """A new spool that lives as long as this."""
        self._spools.append(Spool())
        return self._spools[-1]

    def close(self) -> None:
        """Give the temporary files back."""
        for spool in self._spools:
            spool.close()


def read(
    paths: Sequence[str | Path],
    *,
    jobs: int | None = None,
    rows: bool = False,
    each: Callable[[bytes], object] | None = None,
    progress: Progress | None = None,
) -> Input:
    """Read all sources. `rows` keeps every event's row for the store; `each` gets every event as a
    line of JSON, in the order of the input. `jobs` None: as many processes as pay off."""
    jobs = _jobs(paths) if jobs is None else jobs
    whole = Input()
    try:
        if jobs > 1 and _can_share(paths):
            _shared(paths, jobs, whole, rows, each, progress)
        else:
            _alone(paths, whole, rows, each, progress)
    except BaseException:
        whole.close()
        raise
    return whole


class _Counted:
    """A source whose bytes are counted as they are read, into one buffer for all sources."""

    def __init__(self, source: Source, buffer: Buffer, told: Callable[[int], None] | None) -> None:
        self._source = source
        self._buffer = buffer
        self._told = told
        self.size_bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def chunks(self, buffer: Buffer | None = None) -> Iterator[Any]:
        for chunk in self._source.chunks(buffer or self._buffer):
            self.size_bytes += chunk.size - chunk.fresh
            if self._told is not None:
                self._told(self.size_bytes)
            yield chunk


def _read_sources(
    paths: Sequence[str | Path],
    draw: Callable[[], int],
    tally: Tally,
    rows: Spool | None,
    lines: Callable[[bytes], object] | None,
    done: Callable[[Stretch], None],
    told: Callable[[int], None] | None = None,
) -> tuple[list[tuple[int, str]], int]:
    """Read the sources whose number is drawn; returns sentences by place, and how many there are.

    `lines` gets each event as JSON, `done` each source that was read, `told` how far one has come.
    """
    problems: list[KernwardError] = []
    unreadable: list[tuple[int, str]] = []
    buffer = Buffer()
    mine = draw()
    seen = 0
    for place, source in enumerate(open_sources(paths, problems=problems)):
        seen = place + 1
        if place != mine:
            problems.clear()  # Whoever reads the next source tells of what stands before it.
            continue
        source.name = printable(source.name)
        source.hashing = rows is not None
        counted = _Counted(source, buffer, told)
        rows_start = rows.size if rows is not None else 0
        events = 0
        nameless = False
        opening: str | None = None
        tally.begin_source(place)
        replays = Replays()
        for event in recognise(cast(Source, counted), replays=replays):
            if not events:
                opening = _opening(event)
            events += 1
            nameless = nameless or event.host is None
            tally.add(event)
            if lines is not None:
                lines(as_line(event))
            if rows is not None:
                rows.write_row(row(event))
        tally.bytes_read += counted.size_bytes
        tally.replayed_boots += replays.boots
        tally.replayed_messages += replays.messages
        tally.sources_without_host += nameless
        digest = source.digest() if rows is not None else None
        unreadable += ((place, printable(str(problem))) for problem in problems)
        problems.clear()
        done(Stretch(place, source.name, digest, opening, counted.size_bytes, events, rows_start, 0, 0))
        mine = draw()
    if mine == seen:
        unreadable += ((seen, printable(str(problem))) for problem in problems)
    return unreadable, seen


def _opening(event: Event) -> str | None:
    """A digest of a source's first event, if host and date make it one of a kind."""
    if event.time is None or event.host is None:
        return None
    first = event.text.split("\n", 1)[0]
    return blake2b(f"{event.host}\n{event.time}\n{event.start}\n{first}".encode(), digest_size=16).hexdigest()


def as_line(event: Event) -> bytes:
    """The event as a line of JSON."""
    return encode(event) + b"\n"


def printable(text: str) -> str:
    """A file's name may be bytes that are no UTF-8; no output could hold them as they are."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text).decode("utf-8", "backslashreplace")
    return text


def _alone(
    paths: Sequence[str | Path],
    whole: Input,
    rows: bool,
    each: Callable[[bytes], object] | None,
    progress: Progress | None,
) -> None:
    spool = whole.spool() if rows else None

    def done(stretch: Stretch) -> None:
        whole.stretches.append((stretch, spool))

    def told(size_bytes: int) -> None:
        if progress is not None:
            progress(whole.tally.sources, whole.tally.bytes_read + size_bytes)

    unreadable, _ = _read_sources(paths, count().__next__, whole.tally, spool, each, done, told)
    if spool is not None:
        spool.flush()
    whole.unreadable += [sentence for _, sentence in unreadable]


def _shared(
    paths: Sequence[str | Path],
    jobs: int,
    whole: Input,
    rows: bool,
    each: Callable[[bytes], object] | None,
    progress: Progress | None,
) -> None:
    from multiprocessing import get_context

    # Loaded before the fork, so that all processes share it.
    from kernward.events.hits import armed

    armed()
    # What is still buffered would be written by every child.
    sys.stdout.flush()
    sys.stderr.flush()
    context = get_context("fork")
    numbers = context.Value("q", 0)

    def draw() -> int:
        with numbers.get_lock():
            number: int = numbers.value
            numbers.value += 1
        return number

    spools: dict[Connection, tuple[Spool | None, Spool | None]] = {}
    processes = []
    try:
        for _ in range(jobs):
            ours, theirs = context.Pipe(duplex=False)
            row_spool = whole.spool() if rows else None
            line_spool = whole.spool() if each is not None else None
            process = context.Process(
                target=_child, args=(paths, draw, row_spool, line_spool, theirs), daemon=True
            )
            with warnings.catch_warnings():
                # Python warns of forking a process that has threads; the child uses nothing of theirs.
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            theirs.close()
            processes.append(process)
            spools[ours] = (row_spool, line_spool)
        _collect(spools, whole, each, progress)
        for process in processes:
            process.join()
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
                process.join()


def _child(
    paths: Sequence[str | Path],
    draw: Callable[[], int],
    row_spool: Spool | None,
    line_spool: Spool | None,
    out: "Connection",
) -> None:
    tally = Tally()
    begun = 0

    def done(stretch: Stretch) -> None:
        nonlocal begun
        if row_spool is not None:
            row_spool.flush()
        if line_spool is not None:
            line_spool.flush()
            stretch.lines_start, stretch.lines_size = begun, line_spool.size - begun
            begun = line_spool.size
        out.send_bytes(b"s" + msgspec.msgpack.encode(stretch))

    try:
        write = line_spool.write if line_spool is not None else None
        unreadable, seen = _read_sources(paths, draw, tally, row_spool, write, done)
        out.send_bytes(b"o" + msgspec.msgpack.encode(Outcome(tallies.encode(tally), unreadable, seen)))
    except (KeyboardInterrupt, BrokenPipeError):
        pass  # The parent was stopped too, or is gone.
    except KernwardError as error:
        out.send_bytes(b"e" + str(error).encode("utf-8", "backslashreplace"))
    except Exception as error:  # noqa: BLE001  said by the parent, in one sentence
        fault = f"this is a fault of kernward itself ({type(error).__name__}: {error}); --jobs 1 --debug shows where"
        out.send_bytes(b"e" + fault.encode("utf-8", "backslashreplace"))
    finally:
        out.close()


def _collect(
    spools: dict["Connection", tuple[Spool | None, Spool | None]],
    whole: Input,
    each: Callable[[bytes], object] | None,
    progress: Progress | None,
) -> None:
    """Take what the children tell until all have ended; events are handed on in the input's order."""
    from multiprocessing.connection import wait

    unreadable: list[tuple[int, str]] = []
    waiting: dict[int, tuple[Stretch, Spool | None]] = {}
    stretches: dict[int, tuple[Stretch, Spool | None]] = {}
    counts: set[int] = set()
    next_place = read_sources = read_bytes = 0
    running = set(spools)
    while running:
        for ready in wait(list(running)):
            connection = cast("Connection", ready)
            try:
                message = connection.recv_bytes()
            except EOFError:
                raise KernwardError(
                    "a process that was reading ended before it was done (out of memory, or killed); "
                    "--jobs 1 reads with one process"
                ) from None
            if message[:1] == b"e":
                raise KernwardError(message[1:].decode())
            rows_spool, lines_spool = spools[connection]
            if message[:1] == b"o":
                outcome = msgspec.msgpack.decode(message[1:], type=Outcome)
                whole.tally.merge(tallies.decode(outcome.tally))
                unreadable += outcome.unreadable
                counts.add(outcome.sources_seen)
                running.discard(connection)
                connection.close()
                continue
            stretch = msgspec.msgpack.decode(message[1:], type=Stretch)
            read_sources += 1
            read_bytes += stretch.size_bytes
            stretches[stretch.place] = (stretch, rows_spool)
            if each is not None:
                waiting[stretch.place] = (stretch, lines_spool)
                while next_place in waiting:
                    _hand_on(*waiting.pop(next_place), each)
                    next_place += 1
            if progress is not None:
                progress(read_sources, read_bytes)
    if each is not None:
        for place in sorted(waiting):
            _hand_on(*waiting[place], each)
    whole.stretches += [stretches[place] for place in sorted(stretches)]
    whole.unreadable += [sentence for _, sentence in sorted(unreadable, key=lambda found: found[0])]
    if len(counts) > 1:
        whole.unreadable.append(
            "files came or went while the folders were being read; some may be missing from this result"
        )


def _hand_on(stretch: Stretch, lines: Spool | None, each: Callable[[bytes], object]) -> None:
    if lines is not None:
        for piece in lines.pieces(stretch.lines_start, stretch.lines_size):
            each(piece)


def _can_share(paths: Sequence[str | Path]) -> bool:
    # What can be read only once cannot be walked by several processes.
    return all(str(path) != "-" and (os.path.isdir(path) or os.path.isfile(path)) for path in paths)


def _jobs(paths: Sequence[str | Path]) -> int:
    if not _can_share(paths):
        return 1
    cores = len(os.sched_getaffinity(0))
    size = 0
    for number, path in enumerate(_files(paths), 1):
        size += path.stat().st_size
        if number > 1 and size >= WORTH_SHARING_BYTES:
            return cores
    return 1


def _files(paths: Sequence[str | Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        for folder, _, names in os.walk(path):
            for name in names:
                file = Path(folder, name)
                if file.is_file():
                    yield file
