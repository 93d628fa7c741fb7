"""Opening what a user names (files, folders, archives, `-`) as sources of log lines.

Nothing that cannot be read stops the rest: it becomes one sentence in `problems`, and what was read
before the damage is still handed out. Archives are read as streams and never extracted, so their
members' names are labels only.
"""

import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import partial
from io import BufferedIOBase
from pathlib import Path
from typing import cast

from kernward.logs.buffer import Buffer
from kernward.logs.compression import Decompressed, Inflated, compression
from kernward.logs.hosts import hosts_of
from kernward.logs.pstore import ENCODED, dumps_of
from kernward.logs.source import Settings, Source
from kernward.logs.streams import Damage, FileStream, Joined, Peeked, Stream, open_file
from kernward.logs.tarball import is_tar, members
from kernward.records.errors import KernwardError

# An archive and a compression each count as one.
NESTING = 6
_TOO_DEEP = f"it is compressed or archived more than {NESTING} times over"
_HEAD_BYTES = 512  # a tar header

__all__ = ["Buffer", "Source", "open_sources"]


def open_sources(
    paths: Sequence[str | Path],
    *,
    problems: list[KernwardError],
    zone: tzinfo = UTC,
    reference: datetime | None = None,
) -> Iterator[Source]:
    """The sources that the paths stand for, `-` for standard input, in order.

    Folders are walked in sorted order and archives member by member (`archive!member`). What cannot
    be read is appended to `problems`, as an InputError each. Local times in logs that do not say
    their zone are taken to be in `zone`; times without a year to be at most a day after `reference`
    (default: when the source was last changed, else now).
    """
    settings = Settings(problems, zone, reference)
    for path in paths:
        if str(path) == "-":
            yield from _standard_input(settings)
        else:
            yield from _named(Path(path), settings)


def _standard_input(settings: Settings) -> Iterator[Source]:
    if sys.stdin is None:
        settings.report("-", "standard input is closed; a log was expected on it")
        return
    # The io module's readers all have readinto; BinaryIO just does not say so.
    stream = FileStream(cast(BufferedIOBase, sys.stdin.buffer), close=False)
    yield from _from_stream("-", lambda: stream, settings, named=True)


def _named(path: Path, settings: Settings) -> Iterator[Source]:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        settings.report(str(path), f"{_reason(error)}; a file or folder was expected")
        return
    if stat.S_ISDIR(mode):
        yield from _folder(path, settings)
    else:
        # A fifo or a device is read if it was named: `kernward triage /dev/kmsg`, `<(dmesg)`.
        yield from _file(path, settings, named=True)


def _folder(folder: Path, settings: Settings) -> Iterator[Source]:
    seen: set[tuple[int, int]] = set()
    files = list(_walk(folder, settings, seen))
    hosts = hosts_of([path.relative_to(folder).parts for path in files])
    dumps, files_alone = dumps_of(files)
    for path in sorted([*dumps, *files_alone]):
        hint = hosts.get(path.relative_to(folder).parts)
        if path in dumps:
            yield from _dump(path, dumps[path], settings, hint)
        else:
            yield from _file(path, settings, host_hint=hint)


def _walk(folder: Path, settings: Settings, seen: set[tuple[int, int]]) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(here.iterdir())
        except OSError as error:
            settings.report(str(here), f"{_reason(error)}; a folder was expected")
            continue
        folders = []
        for path in entries:
            try:
                status = path.lstat()
                if stat.S_ISLNK(status.st_mode):
                    status = path.stat()
                    if stat.S_ISDIR(status.st_mode):
                        continue  # never followed, so that no link can make a loop
            except OSError as error:
                settings.report(str(path), f"{_reason(error)}; a readable file was expected")
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)
            elif not stat.S_ISREG(status.st_mode):
                settings.report(str(path), f"it is {_kind(status.st_mode)}; a regular file was expected")
            elif (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                yield path
        waiting += reversed(folders)


def _file(
    path: Path, settings: Settings, *, host_hint: str | None = None, named: bool = False
) -> Iterator[Source]:
    try:
        mtime = _utc(path.stat().st_mtime)
    except OSError:
        mtime = None
    yield from _from_stream(
        str(path), partial(_opened, path), settings, mtime=mtime, host_hint=host_hint, named=named
    )


def _opened(path: Path) -> Stream:
    try:
        return open_file(path)
    except (OSError, ValueError) as error:
        raise Damage(f"{_reason(error)}; a readable file was expected") from error


def _dump(name: Path, parts: Sequence[Path], settings: Settings, host_hint: str | None) -> Iterator[Source]:
    # The parts are read one after the other; putting them in order is the format's work.
    if parts == [name] and not name.name.endswith(ENCODED):
        yield from _file(name, settings, host_hint=host_hint)
        return
    try:
        mtime = max(_utc(part.stat().st_mtime) or datetime.min.replace(tzinfo=UTC) for part in parts)
    except OSError:
        mtime = None
    yield Source(
        str(name),
        lambda: Joined([partial(_part, part) for part in parts]),
        settings,
        mtime=mtime,
        host_hint=host_hint,
    )


def _part(path: Path) -> Stream:
    return Inflated(_opened(path)) if path.name.endswith(ENCODED) else _opened(path)


def _from_stream(
    name: str,
    open_stream: Callable[[], Stream],
    settings: Settings,
    *,
    depth: int = 0,
    mtime: datetime | None = None,
    host_hint: str | None = None,
    named: bool = False,
) -> Iterator[Source]:
    # A stream is a log, or an archive of streams.
    try:
        peeked, depth = _unpacked(open_stream(), depth)
        archive = is_tar(peeked.head)
        if archive and depth >= NESTING:
            raise Damage(_TOO_DEEP)
    except Damage as damage:
        settings.report(name, str(damage))
        return
    if not archive:
        ready = [peeked]
        yield Source(
            name,
            lambda: ready.pop() if ready else _unpacked(open_stream(), 0)[0],
            settings,
            mtime=mtime,
            host_hint=host_hint,
            named=named,
        )
        ready.clear()  # a file that is read only later is opened again
        return
    try:
        for member in members(peeked):
            yield from _from_stream(
                f"{name}!{member.name}",
                partial(_same, member),
                settings,
                depth=depth + 1,
                mtime=_utc(member.mtime_s),
            )
    except Damage as damage:
        settings.report(name, str(damage))


def _same(stream: Stream) -> Stream:
    return stream


def _unpacked(stream: Stream, depth: int) -> tuple[Peeked, int]:
    peeked = Peeked(stream, _HEAD_BYTES)
    while (kind := compression(peeked.head)) is not None:
        depth += 1
        if depth > NESTING:
            raise Damage(_TOO_DEEP)
        peeked = Peeked(Decompressed(peeked, kind), _HEAD_BYTES)
    return peeked, depth


def _utc(seconds: float) -> datetime | None:
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(seconds, UTC)
    return None


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]


def _kind(mode: int) -> str:
    for test, kind in (
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISBLK, "a block device"),
        (stat.S_ISCHR, "a character device"),
    ):
        if test(mode):
            return kind
    return "no regular file"
