"""The tally: events come in one by one, counts by signature stay; no event but one example is kept.

Memory depends on how many different problems, hosts and boots there are, not on how many events.
Tallies of parts of the input, made by several processes, add up to what one process would have made
of the whole, whichever process read which part: what depends on order goes by the source's place.
"""

from datetime import datetime

import msgspec

from kernward.operations.timeline import Bins
from kernward.records.events import Event, EventClass, Severity
from kernward.records.problems import Sighting

MOST_SIGHTINGS = 20
MOST_SOURCES = 20
MOST_CAUSES = 32
# Beyond this many different problems new ones are only counted: a log that is made to look as if
# every line were another problem must not fill the memory.
MOST_PROBLEMS = 20_000
# Examples are kept whole until they hold this much, later ones are trimmed.
EXAMPLES_BYTES = 48 << 20
TRIMMED_TEXT = 2_000
# Causes lie shortly before what they caused; older events of a source are forgotten.
REMEMBERED = 65_536
# A log may claim any number; no machine has been up for 30,000 years.
LATEST_MONOTONIC_S = 1e12

_encode = msgspec.msgpack.Encoder().encode
_encode_event = msgspec.json.Encoder().encode


class Caused(msgspec.Struct, array_like=True):
    """How often a problem was caused by another, and the first reason given and in which source."""

    reason: str
    count: int
    place: int


class Seen(msgspec.Struct, array_like=True):
    """A sighting, and the place of its source in the input."""

    place: int
    sighting: Sighting


class Group(msgspec.Struct):
    """What is known of all events of one function signature. Sets hold the tally's numbers."""

    kind: str
    class_: EventClass
    severity: Severity
    title: str
    count: int = 0
    corrupted: int = 0
    caused: int = 0
    unknown_host: int = 0
    exact: set[str] = set()
    hosts: set[int] = set()
    boots: set[int] = set()
    kernels: dict[str, int] = {}
    sources: dict[str, int] = {}  # name to place
    source_count: int = 0
    last_place: int = -1
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    first_monotonic_s: float | None = None
    last_monotonic_s: float | None = None
    utc: Bins = msgspec.field(default_factory=Bins)
    monotonic: Bins = msgspec.field(default_factory=Bins)
    causes: dict[str, Caused] = {}
    sightings: list[Seen] = []
    example: bytes = b""  # an Event in JSON, which knows no largest integer
    example_score: tuple[int, int, int, int, int] = (-1, 0, 0, 0, 0)


class Tally(msgspec.Struct):
    """All groups, and the hosts and boots that their numbers stand for."""

    groups: dict[str, Group] = {}
    hosts: dict[str, int] = {}
    boots: dict[str, int] = {}
    kernel_boots: dict[str, set[int]] = {}
    events: int = 0
    dated: int = 0
    left_out: int = 0
    examples_bytes: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    sources: int = 0
    sources_without_host: int = 0
    replayed_boots: int = 0
    replayed_messages: int = 0
    bytes_read: int = 0
    place: int = -1
    # Which signature the recent events of the source at hand had, by id.
    recent: dict[str, str] = {}

    def begin_source(self, place: int) -> None:
        """The events that follow are of the source at this place of the input; places only grow."""
        self.place = place
        self.sources += 1
        self.recent = {}

    def add(self, event: Event) -> None:
        """Count one event."""
        self.events += 1
        signature = event.signature.function
        self._remember(event.id, signature)
        group = self.groups.get(signature)
        if group is None:
            if len(self.groups) >= MOST_PROBLEMS:
                self.left_out += 1
                return
            group = self.groups[signature] = Group(event.kind, event.class_, event.severity, event.title)
        group.count += 1
        if event.corrupted:
            group.corrupted += 1
        if len(group.exact) < MOST_PROBLEMS:
            group.exact.add(event.signature.exact)
        self._place(group, event)
        self._time(group, event)
        if self.place != group.last_place:
            group.last_place = self.place
            group.source_count += 1
            if len(group.sources) < MOST_SOURCES:
                group.sources.setdefault(event.source, self.place)
        if len(group.sightings) < MOST_SIGHTINGS:
            group.sightings.append(Seen(self.place, sighting(event)))
        if event.caused_by:
            group.caused += 1
            self._link(group, event, signature)
        score = _score(event, self.place)
        if score > group.example_score:
            self._keep(group, event, score)

    def merge(self, other: "Tally") -> None:
        """Add the tally of another part of the same input."""
        hosts = {number: self.hosts.setdefault(host, len(self.hosts)) for host, number in other.hosts.items()}
        boots = {number: self.boots.setdefault(boot, len(self.boots)) for boot, number in other.boots.items()}
        self.events += other.events
        self.dated += other.dated
        self.left_out += other.left_out
        self.sources += other.sources
        self.sources_without_host += other.sources_without_host
        self.bytes_read += other.bytes_read
        self.first_seen = _earlier(self.first_seen, other.first_seen)
        self.last_seen = _later(self.last_seen, other.last_seen)
        for kernel, numbers in other.kernel_boots.items():
            self.kernel_boots.setdefault(kernel, set()).update(boots[number] for number in numbers)
        for signature, new in other.groups.items():
            group = self.groups.get(signature)
            if group is None:
                if len(self.groups) >= MOST_PROBLEMS:
                    self.left_out += new.count
                    continue
                new.hosts = {hosts[number] for number in new.hosts}
                new.boots = {boots[number] for number in new.boots}
                self.groups[signature] = new
                self.examples_bytes += len(new.example)
                continue
            _add(group, new)
            group.hosts.update(hosts[number] for number in new.hosts)
            group.boots.update(boots[number] for number in new.boots)
            if new.example_score > group.example_score:
                self.examples_bytes += len(new.example) - len(group.example)
                group.example, group.example_score, group.title = new.example, new.example_score, new.title

    def _remember(self, id: str, signature: str) -> None:
        recent = self.recent
        recent[id] = signature
        if len(recent) > REMEMBERED:
            for old in list(recent)[: REMEMBERED // 2]:
                del recent[old]

    def _place(self, group: Group, event: Event) -> None:
        if event.host is None:
            group.unknown_host += 1
        else:
            group.hosts.add(self.hosts.setdefault(event.host, len(self.hosts)))
        if event.kernel is not None:
            group.kernels[event.kernel] = group.kernels.get(event.kernel, 0) + 1
        if event.boot is not None:
            # A boot's name is unique within its host only.
            boot = self.boots.setdefault(f"{event.host or ''}\0{event.boot}", len(self.boots))
            group.boots.add(boot)
            if event.kernel is not None:
                known = self.kernel_boots.get(event.kernel)
                if known is None:
                    known = self.kernel_boots[event.kernel] = set()
                known.add(boot)

    def _time(self, group: Group, event: Event) -> None:
        time = event.time
        if time is not None:
            self.dated += 1
            group.utc.add(time.timestamp())
            group.first_seen = _earlier(group.first_seen, time)
            group.last_seen = _later(group.last_seen, time)
            self.first_seen = _earlier(self.first_seen, time)
            self.last_seen = _later(self.last_seen, time)
        second = event.monotonic_s
        if second is not None and 0 <= second < LATEST_MONOTONIC_S:
            if time is None:
                group.monotonic.add(second)
            if group.first_monotonic_s is None or second < group.first_monotonic_s:
                group.first_monotonic_s = second
            if group.last_monotonic_s is None or second > group.last_monotonic_s:
                group.last_monotonic_s = second

    def _link(self, group: Group, event: Event, signature: str) -> None:
        for cause in event.caused_by:
            of = self.recent.get(cause.event)
            if of is None or of == signature:
                continue
            known = group.causes.get(of)
            if known is not None:
                known.count += 1
            elif len(group.causes) < MOST_CAUSES:
                group.causes[of] = Caused(cause.reason, 1, self.place)

    def _keep(self, group: Group, event: Event, score: tuple[int, int, int, int, int]) -> None:
        example = _encode_event(event)
        if self.examples_bytes + len(example) - len(group.example) > EXAMPLES_BYTES:
            trimmed = msgspec.structs.replace(event, text=event.text[:TRIMMED_TEXT], report=None)
            example = _encode_event(trimmed)
        self.examples_bytes += len(example) - len(group.example)
        group.example, group.example_score, group.title = example, score, event.title


def sighting(event: Event) -> Sighting:
    """Where the event was seen."""
    return Sighting(
        event.source,
        event.start,
        event.end,
        event.host,
        event.boot,
        event.kernel,
        event.time,
        event.monotonic_s,
    )


def _score(event: Event, place: int) -> tuple[int, int, int, int, int]:
    # The best example: not damaged, with a function and its source line, then the most complete; of
    # equals the first one of the input.
    stacks = len(event.report.stacks) if event.report is not None else 0
    named = (event.function is not None) + (event.line is not None)
    return (0 if event.corrupted else 1, named, min(stacks, 8), min(len(event.text), 4_096), -place)


def _add(group: Group, new: Group) -> None:
    group.count += new.count
    group.corrupted += new.corrupted
    group.caused += new.caused
    group.unknown_host += new.unknown_host
    group.exact.update(new.exact)
    for kernel, count in new.kernels.items():
        group.kernels[kernel] = group.kernels.get(kernel, 0) + count
    merged = {**new.sources, **group.sources}
    group.sources = dict(sorted(merged.items(), key=lambda item: item[1])[:MOST_SOURCES])
    group.source_count += new.source_count
    group.first_seen = _earlier(group.first_seen, new.first_seen)
    group.last_seen = _later(group.last_seen, new.last_seen)
    if new.first_monotonic_s is not None and new.last_monotonic_s is not None:
        if group.first_monotonic_s is None or new.first_monotonic_s < group.first_monotonic_s:
            group.first_monotonic_s = new.first_monotonic_s
        if group.last_monotonic_s is None or new.last_monotonic_s > group.last_monotonic_s:
            group.last_monotonic_s = new.last_monotonic_s
    group.utc.merge(new.utc)
    group.monotonic.merge(new.monotonic)
    for signature, caused in new.causes.items():
        known = group.causes.get(signature)
        if known is not None:
            known.count += caused.count
            if caused.place < known.place:
                known.reason, known.place = caused.reason, caused.place
        elif len(group.causes) < MOST_CAUSES:
            group.causes[signature] = caused
    seen = sorted([*group.sightings, *new.sightings], key=lambda seen: seen.place)
    group.sightings = seen[:MOST_SIGHTINGS]


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


def encode(tally: Tally) -> bytes:
    """The tally as bytes for another process; what only its maker needs is left out."""
    tally.recent = {}
    return _encode(tally)


def decode(data: bytes) -> Tally:
    """What `encode` made."""
    return _decoder.decode(data)


def example(group: Group) -> Event:
    """The group's example."""
    return _event_decoder.decode(group.example)


_decoder = msgspec.msgpack.Decoder(Tally)
_event_decoder = msgspec.json.Decoder(Event)
