"""From a source to its events: hits are confirmed, their reports cut out, named and linked.

The scan says where literal texts stand; only the neighbourhood of a hit is looked at here. What is
known of a host between hits (its boot, kernel, last time stamp) is kept per host name, so a central
log in which many hosts alternate is read as many logs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from kernward.events import index as catalogue
from kernward.events.consequence import Chain
from kernward.events.corruption import damage
from kernward.events.kind import Blame, Extent, Kind, Pattern, convert
from kernward.events.naming import name
from kernward.events.reading import Reading
from kernward.events.report import Parts, parse, report
from kernward.events.scan import Hit, Scan, scanner
from kernward.logs.chunk import Chunk
from kernward.logs.sources import Source
from kernward.records.events import Event, Report
from kernward.records.lines import Line

# A report is looked for in this many bytes and lines after the line that names it.
MOST_BYTES = 96 << 10
# The lines that continue a message (an OOM's task table) are looked for in at most so many.
AHEAD_BYTES = 352 << 10
MOST_LINES = 1200
FIRST_LINES = 120
# So many hits behind a report's first line are asked whether they end it or belong to it.
MOST_HITS = 160
# The text of a report that an event keeps.
MOST_TEXT = 16 << 10
# The clock of a boot may be seen to run backwards by this much (CPUs print out of order).
BACKWARDS_S = 5.0
# A banner after at least this much uptime, with no word of a shutdown, is an unexpected reboot.
RUNNING_S = 60.0
# So many bytes of a boot are compared to know a copy, of so many boots.
_BOOT_HEAD = 12 << 10
_MOST_BOOTS = 512
_GOODBYE = re.compile(
    rb"reboot: |Restarting system|Power down|System halted|Kernel panic|sysrq|Rebooting in|kexec|Starting new kernel|PM: hibernation"
)
# What only a console shows before the banner.
_LOADER = re.compile(rb"SeaBIOS|Decompressing Linux|GRUB |early console in|Booting from")
_HANDOVER = re.compile(rb"bootconsole \[|console \[[a-z]+\d+\] (?:en|dis)abled")
# On a console that cannot keep up, what was lost is told at the head of the next line.
_DROPPED_BEFORE = re.compile(
    r"\*\* \d+ printk messages dropped \*\* (?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )?(?=\S)"
)
_END_TRACE = b"---[ end trace"
_STACK = re.compile(rb"Call [Tt]race:|stack backtrace:|Backtrace:|RIP: 0010:|RIP  ?\[<|pc : |NIP \[")


@dataclass(slots=True)
class Candidate:
    """One pattern of one kind, compiled."""

    kind: Kind
    pattern: Pattern
    match: Any


@dataclass(slots=True)
class Host:
    """What is known of one host in this source while it is read."""

    name: str | None = None
    boots: int = 0
    boot: str | None = None
    kernel: str | None = None
    build: str | None = None
    last_s: float | None = None
    chain: Chain = field(default_factory=Chain)
    # Digests of recent messages with their time stamps, to know a replay.
    recent: set[tuple[float, int]] = field(default_factory=set)
    # Whole lines that were such messages and nothing more: what need not even be looked at again.
    lines: set[bytes] = field(default_factory=set)


@dataclass(slots=True)
class Armed:
    """The catalogue, ready to scan: shared by all sources of a process."""

    index: catalogue.Index
    scan: Scan


@lru_cache(maxsize=2)
def armed(engine: str | None = None) -> Armed:
    """The catalogue's index and scanner; `engine` forces `hyperscan` or `re`."""
    index = catalogue.load()
    scan = scanner([entry.literal for entry in index.entries], index.platform, index.database, engine=engine)
    return Armed(index, scan)


@lru_cache(maxsize=4096)
def candidate(id: str, number: int) -> Candidate:
    """A kind's pattern by its number, imported and compiled when the first line holds its literal."""
    kind = catalogue.kind(id)
    pattern = kind.patterns[number]
    return Candidate(kind, pattern, re.compile(pattern.regex).match)


@lru_cache(maxsize=512)
def _converters(id: str) -> dict[str, Any]:
    return {each.name: each for each in catalogue.kind(id).fields}


@lru_cache(maxsize=512)
def _continuations(id: str) -> tuple[Any, ...]:
    return tuple(re.compile(pattern).match for pattern in catalogue.kind(id).continues)


@dataclass(slots=True)
class Named:
    """A confirmed hit: which kind's which pattern, on which line."""

    candidate: Candidate
    match: "re.Match[str]"
    line: Line


@dataclass(slots=True)
class Replays:
    """How much of a log is copies of what it holds already: whole boots, and single messages."""

    boots: int = 0
    messages: int = 0


def recognise(
    source: Source, *, engine: str | None = None, replays: Replays | None = None
) -> Iterator[Event]:
    """The events of a source, in the order of the log. `replays` is told of copies passed over."""
    recogniser = Recogniser(source, armed(engine), replays or Replays())
    for chunk in source.chunks(None):
        yield from recogniser.feed(chunk)


class Recogniser:
    """Reads one source. Use `recognise`."""

    def __init__(self, source: Source, ready: Armed, replays: Replays) -> None:
        self.source = source
        self.replays = replays
        self.ready = ready
        self.hosts: dict[str | None, Host] = {}
        self.deferred: list[Hit] = []
        self.size = 0
        self.token = ""
        # Boots by their banner's line, to know a copy: the bytes they begin with, and what was known.
        self.boots: dict[bytes, list[tuple[bytes, Host]]] = {}
        self.banner = next(
            (number for number, entry in enumerate(ready.index.entries) if "boot" in entry.kinds), -1
        )
        # The unexpected reboot that the boot read last turned out to be.
        self.fell: Event | None = None
        # The host whose line was read last.
        self.current: Host | None = None
        self.kept_boots = 0

    def feed(self, chunk: Chunk) -> Iterator[Event]:
        """The events whose reports lie whole in this chunk; the others wait for the next one."""
        if not self.token:
            head = bytes(memoryview(chunk.data)[: min(chunk.size, 4096)])
            self.token = blake2b(self.source.name.encode() + head, digest_size=5).hexdigest()
        shift = self.size - chunk.fresh
        hits = [(start - shift, end - shift, numbers) for start, end, numbers in self.deferred]
        hits += self.ready.scan(chunk.data, chunk.fresh, chunk.size)
        self.deferred = []
        done: set[int] = set()
        named: dict[int, Named | None] = {}
        replay_end = 0
        for number, hit in enumerate(hits):
            if not chunk.last and hit[0] + AHEAD_BYTES > chunk.size:
                self.deferred = [each for at, each in enumerate(hits[number:], number) if at not in done]
                # What stands before the first one that waits may be needed to know a handover.
                chunk.keep = (
                    max(0, min(each[0] for each in self.deferred) - 2048) if self.deferred else chunk.size
                )
                break
            if number in done or hit[0] < replay_end:
                continue
            if self.banner in hit[2] and (copied := self._replay(chunk, hit)):
                replay_end = copied
                continue
            if self.current is not None and self.current.lines:
                newline = chunk.data.find(b"\n", hit[1], chunk.size)
                if bytes(chunk.data[hit[0] : newline if newline >= 0 else chunk.size]) in self.current.lines:
                    self.replays.messages += 1
                    continue
            event = self._event(chunk, hits, number, named, done)
            if self.fell is not None:
                yield self.fell
                self.fell = None
            if event is not None:
                yield event
        self.size = chunk.size

    def _replay(self, chunk: Chunk, hit: Hit) -> int:
        """Where the copy that begins at this banner is known to reach; 0 when it is a boot of its own.

        A log that was appended to itself (dmesg saved twice, a console handed over) repeats a boot to
        the microsecond, which two real boots never do.
        """
        start = hit[0]
        data = chunk.data
        head = bytes(memoryview(data)[start : min(chunk.size, start + _BOOT_HEAD)])
        line = head[: head.find(b"\n")]
        copies = self.boots.get(line, [])
        host = next((host for known, host in copies if known == head), None)
        if host is None or len(head) < _BOOT_HEAD:
            if len(head) == _BOOT_HEAD and self.kept_boots < _MOST_BOOTS:
                self.kept_boots += 1
                self.boots.setdefault(line, []).append((head, Host()))
            return 0
        if host.boots:
            # The events that follow are those of that boot again: they are known by their times.
            host.last_s = 0.0
            self.hosts[host.name] = self.current = host
        self.replays.boots += 1
        return start + _BOOT_HEAD

    def _name(self, chunk: Chunk, hit: Hit) -> Named | None:
        """Which kind the hit's line is, if its text bears the hit out."""
        # One physical line may hold two: what the console dropped is told in front of a message.
        for line in reversed(chunk.lines(hit[0], hit[1], 16)):
            found = self._named(line, hit)
            if found is not None:
                return found
        return None

    def _named(self, line: Line, hit: Hit) -> Named | None:
        """Which kind this line is, by the patterns that the hit's triggers stand for."""
        program = None if line.tag == "kernel" else line.tag
        if program is not None and program not in self.ready.index.programs:
            return None
        text = line.text.lstrip()
        best: Named | None = None
        for literal in set(hit[2]):
            for id, number, text_of in self.ready.index.entries[literal].patterns:
                if text_of not in text or (
                    best is not None and len(text_of) <= len(best.candidate.pattern.literal)
                ):
                    continue
                found = candidate(id, number)
                match = found.match(text)
                if match is not None and (program is None or program in found.kind.programs):
                    best = Named(found, match, line)
        return best

    def _look(
        self, chunk: Chunk, hits: list[Hit], number: int, named: dict[int, Named | None]
    ) -> Named | None:
        if number not in named:
            named[number] = self._name(chunk, hits[number])
        return named[number]

    def _event(
        self, chunk: Chunk, hits: list[Hit], number: int, named: dict[int, Named | None], done: set[int]
    ) -> Event | None:
        found = self._look(chunk, hits, number, named)
        if found is None:
            return None
        kind, line = found.candidate.kind, found.line
        host = self.hosts.get(line.host)
        if host is None:
            host = self.hosts[line.host] = Host(line.host)
        self.current = host
        if kind.id == "boot":
            opened = self._boot(chunk, hits[number], host, found)
            if opened is None:
                return None
            host = self.current = opened
        else:
            self._clock(host, line, kind.id)
        parts: Parts | None = None
        if kind.extent is Extent.REPORT:
            lines, parts = self._report(chunk, hits, number, found, named, done)
        else:
            lines = self._neighbours(chunk, hits, number, found, done, named)
        fields = {each.name: None for each in kind.fields}
        _fill(kind, found.match.groupdict(), fields)
        continuations = _continuations(kind.id)
        if continuations:
            for each in lines[1:]:
                text = each.text.lstrip()
                for match in continuations:
                    if groups := match(text):
                        _fill(kind, groups.groupdict(), fields)
                        break
        reading = Reading(kind, lines, 0, fields, kind.title, kind.alt_titles, kind.title_without_function)
        if parts is not None:
            reading.__dict__["parts"] = parts
        if kind.read is not None:
            kind.read(reading)
        event = self._finish(reading, host, line)
        if event is not None and kind.extent is Extent.LINE and len(lines) == 1 and line.monotonic_s:
            start, end, _ = hits[number]
            newline = chunk.data.find(b"\n", end, chunk.size)
            host.lines.add(bytes(chunk.data[start : newline if newline >= 0 else chunk.size]))
        return event

    def _boot(self, chunk: Chunk, hit: Hit, host: Host, found: Named) -> Host | None:
        """Open a new boot of the host; None when the banner is a replay of the one that is open."""
        start = hit[0]
        before = bytes(memoryview(chunk.data)[max(0, start - 4096) : start])
        line = found.line
        groups = found.match.groupdict()
        if (
            host.boots
            and host.kernel == groups.get("release")
            and (host.last_s or 0.0) < 30.0
            and _HANDOVER.search(before)
        ):
            return None
        self.fell = self._unexpected(chunk, start, host, line, before)
        opened = Host(
            line.host,
            host.boots + 1,
            line.boot_id or f"{self.source.name}#{host.boots + 1}",
            groups.get("release"),
            groups.get("build"),
            line.monotonic_s,
        )
        self.hosts[line.host] = opened
        head = bytes(memoryview(chunk.data)[start : start + 512])
        banner = head[: head.find(b"\n")]
        copies = self.boots.get(banner)
        if copies and not copies[-1][1].boots:
            copies[-1] = (copies[-1][0], opened)
        return opened

    def _unexpected(self, chunk: Chunk, start: int, host: Host, banner: Line, before: bytes) -> Event | None:
        """The reboot without a word that this banner tells of; None when it may have been a proper one.

        Only a console shows a shutdown to its end: syslog and the journal stop before it.
        """
        console = banner.tag is None or _LOADER.search(before) is not None
        if not console or banner.boot_id is not None or _GOODBYE.search(before):
            return None
        lines = [each for each in chunk.lines(max(0, start - 4096), start) if each.host == banner.host]
        last = next(
            (each for each in reversed(lines) if each.start < banner.start and each.monotonic_s), None
        )
        if last is None or last.monotonic_s is None or last.monotonic_s < RUNNING_S:
            return None
        kind = catalogue.kind("unexpected-reboot")
        fields = {"uptime_s": last.monotonic_s, "last_message": last.text[:400]}
        reading = Reading(kind, [last, banner], 0, fields, kind.title, (), None)
        return self._finish(reading, host, last)

    def _clock(self, host: Host, line: Line, kind: str) -> None:
        """Notice a new boot by its boot id, or by a clock that went back (and not over known ground)."""
        at = line.monotonic_s
        if line.boot_id is not None:
            if host.boot != line.boot_id:
                if host.boot is not None:
                    host.kernel = host.build = None
                host.boot = line.boot_id
                host.chain = Chain()
                host.recent, host.lines = set(), set()
        elif host.boot is None or (
            at is not None and host.last_s is not None and at + BACKWARDS_S < host.last_s
        ):
            if host.boot is not None and _same(kind, line) in host.recent:
                return
            if host.boot is not None:
                host.kernel = host.build = None
                host.recent, host.lines = set(), set()
            host.boots += 1
            host.boot = f"{self.source.name}#{host.boots}"
            host.chain = Chain()
        if at is not None:
            host.last_s = at

    def _report(
        self,
        chunk: Chunk,
        hits: list[Hit],
        number: int,
        found: Named,
        named: dict[int, Named | None],
        done: set[int],
    ) -> tuple[list[Line], Parts]:
        """The lines, and their parts, of the report that the hit opens: until the next one opens, or its bounds end."""
        kind, line = found.candidate.kind, found.line
        start = hits[number][0]
        limit = min(chunk.size, start + MOST_BYTES)
        stop = chunk.data.find(_END_TRACE, start, limit)
        while stop >= 0:
            newline = chunk.data.find(b"\n", stop, limit)
            if all(_together(line, each) for each in chunk.lines(stop, stop + 1)):
                limit = newline if newline >= 0 else limit
                break
            stop = chunk.data.find(_END_TRACE, newline, limit) if newline >= 0 else -1
        absorbs = kind.absorbs
        entries = self.ready.index.entries
        next_panic: int | None = None
        for later in range(number + 1, min(len(hits), number + MOST_HITS)):
            at, _, literals = hits[later]
            if at >= limit:
                break
            if later in done or at == start:
                continue
            opens = False
            ours = False
            for literal in literals:
                entry = entries[literal]
                opens = opens or entry.opens_report
                ours = ours or any(each in absorbs for each in entry.kinds)
            if not (opens or ours):
                continue
            other = self._look(chunk, hits, later, named)
            if other is None or not _together(line, other.line):
                continue
            if other.candidate.kind.id in absorbs:
                done.add(later)
            elif other.candidate.kind.extent is Extent.REPORT:
                if next_panic is None and _is_panic(other.candidate.kind) and not _is_panic(kind):
                    # Old kernels print the stack of a warning only within the panic that it becomes.
                    next_panic = at
                    if _shows_stack(chunk, start, at, line):
                        limit = at
                        break
                    continue
                limit = at
                break
        first = FIRST_LINES if kind.blame is not Blame.NONE else FIRST_LINES // 2
        near = chunk.lines(start, limit, first)
        lines = [each for each in near if each.start >= line.start and _together(line, each)]
        parts = parse([each.text for each in lines])
        ours = len(lines) * 8 >= len(near)  # else it is a drop in a flood of others
        if len(near) == first and ours and parts.last > len(lines) - 40 and kind.blame is not Blame.NONE:
            # It goes on: most reports end much earlier, and most of what follows them is no report.
            rest = chunk.lines(chunk.offset(near[-1]) + near[-1].end - near[-1].start + 1, limit, MOST_LINES)
            lines += [each for each in rest if _together(line, each) and each.start > near[-1].start]
            parts = parse([each.text for each in lines])
        return lines or [line], parts

    def _neighbours(
        self,
        chunk: Chunk,
        hits: list[Hit],
        number: int,
        found: Named,
        done: set[int],
        named: dict[int, Named | None],
    ) -> list[Line]:
        """The line, and those within reach that continue it."""
        kind, line = found.candidate.kind, found.line
        if not kind.reach:
            return [line]
        start = hits[number][0]
        end = min(chunk.size, start + AHEAD_BYTES)
        if kind.id not in kind.absorbs:
            end = min(end, self._next_of_kind(chunk, hits, number, found, named) or end)
        near = chunk.lines(start, end, 4 * kind.reach + 1)
        lines = [line]
        continuations = _continuations(kind.id)
        taken = 0
        for each in near:
            if each.start <= line.start or not _together(line, each):
                continue
            taken += 1
            if taken > kind.reach:
                break
            text = each.text.lstrip()
            if any(match(text) for match in continuations):
                lines.append(each)
        if kind.absorbs:
            last = lines[-1].end
            for later in range(number + 1, len(hits)):
                if hits[later][0] - start > last - line.start:
                    break
                other = self._look(chunk, hits, later, named)
                if (
                    other is not None
                    and other.candidate.kind.id in kind.absorbs
                    and _together(line, other.line)
                ):
                    done.add(later)
        return lines

    def _next_of_kind(
        self, chunk: Chunk, hits: list[Hit], number: int, found: Named, named: dict[int, Named | None]
    ) -> int | None:
        """Where in the chunk the next message of the same kind begins: what follows it is its own."""
        id = found.candidate.kind.id
        for later in range(number + 1, min(len(hits), number + MOST_HITS)):
            if any(id in self.ready.index.entries[literal].kinds for literal in hits[later][2]):
                other = self._look(chunk, hits, later, named)
                if other is not None and other.candidate.kind.id == id and _together(found.line, other.line):
                    return hits[later][0]
        return None

    def _finish(self, reading: Reading, host: Host, line: Line) -> Event | None:
        kind = reading.kind
        details: Report | None = None
        kernel, build = host.kernel, host.build
        if reading.details:
            details = report(reading.parts)
            kernel, build = details.kernel or kernel, details.build or build
            if details.kernel and host.kernel is None:
                host.kernel, host.build = details.kernel, details.build
        title = name(reading)
        corrupted = reading.corrupted_reason or damage(reading, title.function)
        lines = reading.lines
        last = min(len(lines) - 1, reading.parts.last + reading.at) if details is not None else len(lines) - 1
        lines = lines[: max(last, 0) + 1] or [line]
        text = "\n".join(each.text for each in lines)
        if len(text) > MOST_TEXT:
            text = text[:MOST_TEXT]
        if line.monotonic_s is not None:
            same = _same(kind.id, line)
            if same in host.recent:
                self.replays.messages += 1
                return None
            host.recent.add(same)
            if len(host.recent) > 4096:
                host.recent.clear()
                host.lines.clear()
        event = Event(
            f"{self.token}-{line.start:x}",
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
            line.host or self.source.host_hint,
            host.boot,
            kernel,
            build,
            line.at_utc,
            line.monotonic_s,
            self.source.name,
            line.start,
            lines[-1].end,
            reading.fields,
            details,
            (),
            text,
        )
        return host.chain.link(event)


def _same(kind: str, line: Line) -> tuple[float, int]:
    """What tells a message of a boot from all others of it."""
    return line.monotonic_s or 0.0, hash((kind, line.text, line.caller))


def _shows_stack(chunk: Chunk, start: int, end: int, line: Line) -> bool:
    """Does the report of this line show a stack between the two places?"""
    if _STACK.search(chunk.data, start, end) is None:
        return False
    if line.caller is None and line.host is None:
        return True
    lines = chunk.lines(start, end, MOST_LINES)
    return any(_STACK.search(each.text.encode()) for each in lines if _together(line, each))


def _is_panic(kind: Kind) -> bool:
    return kind.id == "kernel-panic" or kind.id.startswith("panic-")


def _together(first: Line, second: Line) -> bool:
    """May both lines be of one report? Not when hosts, programs or printk callers differ."""
    if first.host != second.host or (second.tag is not None and second.tag != first.tag):
        return False
    return first.caller is None or second.caller is None or first.caller == second.caller


def _fill(kind: Kind, groups: dict[str, str | None], fields: dict[str, Any]) -> None:
    """Convert a pattern's groups into fields; what is there already stays."""
    types = _converters(kind.id)
    for key, text in groups.items():
        if text is None or fields.get(key) is not None:
            continue
        declared = types.get(key)
        fields[key] = text if declared is None else convert(declared, text)
