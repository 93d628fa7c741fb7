"""From a source to its events: hits are confirmed, their reports cut out, named and linked.

The scan says where triggers stand; only the neighbourhood of a hit is looked at. What is known of a
host between hits (its boot, kernel, last time stamp) is kept per host name, so a central log in which
many hosts alternate is read as many logs.
"""

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from kernward.events import index as catalogue
from kernward.events.boots import Boot, Boots, Replays, last_before
from kernward.events.corruption import damage
from kernward.events.hits import Armed, Hits, Named, armed
from kernward.events.kind import Extent, Kind, convert
from kernward.events.naming import name
from kernward.events.neighbourhood import AHEAD_BYTES, continuations, message_lines, report_lines
from kernward.events.reading import Reading
from kernward.events.report import Parts, report
from kernward.events.scan import Hit
from kernward.logs.chunk import Chunk
from kernward.logs.sources import Source
from kernward.records.events import Event, Report
from kernward.records.lines import Line

# The text of a report that an event keeps.
MOST_TEXT = 16 << 10
# What stands before the first hit that waits for the next chunk may be needed to know a handover.
_KEPT_BEFORE = 2048


def recognise(
    source: Source, *, engine: str | None = None, replays: Replays | None = None
) -> Iterator[Event]:
    """The events of a source, in the order of the log. `replays` is told of copies passed over."""
    recogniser = Recogniser(source, armed(engine), replays or Replays())
    for chunk in source.chunks(None):
        yield from recogniser.feed(chunk)


class Recogniser:
    """Reads one source, chunk by chunk."""

    def __init__(self, source: Source, ready: Armed, replays: Replays) -> None:
        self._source = source
        self._ready = ready
        self._replays = replays
        self._boots = Boots(source.name)
        self._deferred: list[Hit] = []
        self._size = 0
        self._token = ""
        self._banner = next(
            (number for number, entry in enumerate(ready.index.entries) if "boot" in entry.kinds), -1
        )

    def feed(self, chunk: Chunk) -> Iterator[Event]:
        """The events whose reports lie whole in this chunk; the others wait for the next one."""
        if not self._token:
            head = bytes(memoryview(chunk.data)[: min(chunk.size, 4096)])
            self._token = blake2b(self._source.name.encode() + head, digest_size=5).hexdigest()
        shift = self._size - chunk.fresh
        waiting = [(start - shift, end - shift, triggers) for start, end, triggers in self._deferred]
        hits = Hits(chunk, waiting + self._ready.scan(chunk.data, chunk.fresh, chunk.size), self._ready.index)
        self._deferred = []
        self._size = chunk.size
        copied = 0
        for number, (start, _, triggers) in enumerate(hits.hits):
            if not chunk.last and start + AHEAD_BYTES > chunk.size:
                self._defer(hits, number)
                return
            if number in hits.done or start < copied:
                continue
            if self._banner in triggers and (end := self._boots.copied(chunk, start)):
                self._replays.boots += 1
                copied = end
                continue
            known = self._boots.current.lines
            if known and hits.raw(number) in known:
                self._replays.messages += 1
                continue
            found = hits.named(number)
            if found is not None:
                yield from self._events(hits, number, found)

    def _defer(self, hits: Hits, number: int) -> None:
        """The hits from this one on are read again together with what the next chunk brings."""
        self._deferred = [hit for at, hit in enumerate(hits.hits[number:], number) if at not in hits.done]
        if self._deferred:
            hits.chunk.keep = max(0, min(start for start, _, _ in self._deferred) - _KEPT_BEFORE)

    def _events(self, hits: Hits, number: int, found: Named) -> Iterator[Event]:
        """What a confirmed hit tells: an event, and for a boot perhaps how the one before it ended."""
        kind, line = found.kind, found.line
        if kind.id == "boot":
            start = hits.start(number)
            last = last_before(hits.chunk, start, line)
            if last is not None:
                yield from self._unexpected(last, line)
            groups = found.match.groupdict()
            if not self._boots.begin(hits.chunk, start, line, groups.get("release"), groups.get("build")):
                return
            boot = self._boots.current
        else:
            boot = self._boots.at(line, kind.id)
        reading = _read(hits, number, found)
        event = self._finish(reading, boot, line)
        if event is None:
            return
        if kind.extent is Extent.LINE and len(reading.lines) == 1 and line.monotonic_s:
            boot.lines.add(hits.raw(number))
        yield event

    def _unexpected(self, last: Line, banner: Line) -> Iterator[Event]:
        kind = catalogue.kind("unexpected-reboot")
        fields = {"uptime_s": last.monotonic_s, "last_message": last.text[:400]}
        reading = Reading(kind, [last, banner], fields, kind.title, (), None)
        event = self._finish(reading, self._boots.of(last), last)
        if event is not None:
            yield event

    def _finish(self, reading: Reading, boot: Boot, line: Line) -> Event | None:
        """The event; None when the log holds the same message already."""
        kind = reading.kind
        details: Report | None = None
        kernel, build = boot.kernel, boot.build
        if reading.details:
            details = report(reading.parts)
            kernel, build = details.kernel or kernel, details.build or build
            if details.kernel and boot.kernel is None:
                boot.kernel, boot.build = details.kernel, details.build
        title = name(reading)
        corrupted = reading.corrupted_reason or damage(reading, title.function)
        if line.monotonic_s is not None:
            if boot.knows(kind.id, line):
                self._replays.messages += 1
                return None
            boot.remember(kind.id, line)
        lines = reading.lines
        last = min(len(lines) - 1, reading.parts.last) if details is not None else len(lines) - 1
        lines = lines[: max(last, 0) + 1] or [line]
        event = Event(
            f"{self._token}-{line.start:x}",
            kind.id,
            kind.class_,
            kind.severity,
            title.title,
            title.alt_titles,
            title.function,
            title.function_reason,
            title.skipped,
            title.file,
            title.line,
            title.subsystem,
            corrupted is not None,
            corrupted,
            title.signature,
            line.host or self._source.host_hint,
            boot.name,
            kernel,
            build,
            line.at_utc,
            line.monotonic_s,
            self._source.name,
            line.start,
            lines[-1].end,
            reading.fields,
            details,
            (),
            "\n".join(each.text for each in lines)[:MOST_TEXT],
        )
        return boot.chain.link(event)


def _read(hits: Hits, number: int, found: Named) -> Reading:
    """The hit's lines, with the fields that its pattern and those that continue it tell."""
    kind = found.kind
    parts: Parts | None = None
    if kind.extent is Extent.REPORT:
        lines, parts = report_lines(hits, number, found)
    else:
        lines = message_lines(hits, number, found)
    fields: dict[str, Any] = {each.name: None for each in kind.fields}
    _fill(kind, found.match.groupdict(), fields)
    for line in lines[1:] if kind.continues else ():
        text = line.text.lstrip()
        for match in continuations(kind.id):
            if groups := match(text):
                _fill(kind, groups.groupdict(), fields)
                break
    reading = Reading(kind, lines, fields, kind.title, kind.alt_titles, kind.title_without_function)
    if parts is not None:
        reading.parts = parts
    if kind.read is not None:
        kind.read(reading)
    return reading


@lru_cache(maxsize=512)
def _converters(id: str) -> dict[str, Any]:
    return {each.name: each for each in catalogue.kind(id).fields}


def _fill(kind: Kind, groups: dict[str, str | None], fields: dict[str, Any]) -> None:
    """Convert a pattern's groups into fields; what is there already stays."""
    types = _converters(kind.id)
    for key, text in groups.items():
        if text is None or fields.get(key) is not None:
            continue
        declared = types.get(key)
        fields[key] = text if declared is None else convert(declared, text)
