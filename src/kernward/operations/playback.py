"""A recording read back as samples, by host and time, as if they had just been taken."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from kernward.collectors.sample import Sample
from kernward.collectors.source import AnySource, Source
from kernward.collectors.sources import sources
from kernward.operations.recording import usual_s
from kernward.records.errors import InputError
from kernward.store.home import home as default_home
from kernward.store.sample_reading import Recordings, Span, Stored, hosts

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER_US = 1 << 62
# What of a recording is unknown or unusable is told once, and only so much of it.
MOST_NOTES = 20


# What is not read in every sample was read at most so long ago.
CARRIED_US = 15 * 60 * 1_000_000


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of one host: from when to when, in how many samples, in how many bytes."""

    host: str
    first_utc: datetime
    last_utc: datetime
    samples: int
    size_bytes: int


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of one host by time, and sentences on what could not be read."""

    host: str
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()


def extents(home: Path | None = None) -> list[Extent]:
    """What the store holds of each host, the one recorded last first."""
    with Recordings(home or default_home()) as recordings:
        spans = recordings.spans()
    return [_extent(host, [each for each in spans if each.host == host]) for host in hosts(spans)]


def edge(home: Path | None = None, *, host: str | None = None, at: datetime, later: bool) -> datetime | None:
    """Where the next part of a recording begins after a time, or the one before it ended; None for nowhere."""
    with Recordings(home or default_home()) as recordings:
        spans = recordings.spans()
    wanted = host or next(iter(hosts(spans)), None)
    mine = [each for each in spans if each.host == wanted]
    if later:
        found = min((each.first_us for each in mine if each.first_us > _us(at)), default=None)
    else:
        found = max((each.last_us for each in mine if each.last_us < _us(at)), default=None)
    return None if found is None else _EPOCH + timedelta(microseconds=found)


def recording(
    home: Path | None = None,
    *,
    host: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    only: Collection[str] | None = None,
) -> Recording:
    """The samples of a host between two times, both included; of the host recorded last unless told.

    `only` names the sources that are wanted. Raises InputError when there is no sample.
    """
    chosen = home or default_home()
    with Recordings(chosen) as recordings:
        spans = recordings.spans()
        if not spans:
            raise InputError(f"the store {chosen} holds no recording; kernward record makes one")
        known = hosts(spans)
        if host is not None and host not in known:
            raise InputError(f"there is no recording of {host}; there are those of {', '.join(known[:10])}")
        wanted = host or known[0]
        stored = recordings.samples(
            wanted,
            -_NEVER_US if since is None else _us(since),
            _NEVER_US if until is None else _us(until),
            None if only is None else list(only),
        )
        if stored and since is not None:
            earlier_us = min(_us(since), stored[0].at_us)
            stored[0] = _with_earlier(
                stored[0],
                recordings.samples(wanted, earlier_us - CARRIED_US, earlier_us - 1, _slow(only)),
            )
        notes = list(recordings.notes)
    if not stored:
        there = _extent(wanted, [each for each in spans if each.host == wanted])
        raise InputError(
            f"the recording of {wanted} has no sample in this time; it goes from "
            f"{there.first_utc:%Y-%m-%d %H:%M:%S} to {there.last_utc:%Y-%m-%d %H:%M:%S} UTC"
        )
    restoring = Restoring()
    samples = tuple(restoring.sample(each) for each in stored)
    return Recording(host=wanted, samples=samples, notes=(*notes, *restoring.notes()))


def _slow(only: Collection[str] | None) -> list[str]:
    """The sources that are not read in every sample."""
    return [name for name, each in sources().items() if usual_s(each) > 0 and (only is None or name in only)]


def _with_earlier(first: Stored, earlier: Sequence[Stored]) -> Stored:
    """The sample with what was read last before it, of sources that it lacks."""
    read, after_s, cut = dict(first.read), dict(first.after_s), set(first.cut)
    for each in reversed(earlier):
        if each.boot_id != first.boot_id:
            break
        for name in each.after_s.keys() - after_s.keys():
            if name in each.read:
                read[name] = each.read[name]
                after_s[name] = each.at_s + each.after_s[name] - first.at_s
                cut |= {name} & each.cut
    return msgspec.structs.replace(first, read=read, after_s=after_s, cut=frozenset(cut))


class Restoring:
    """Makes samples of what was stored, with the sources as this kernward knows them."""

    def __init__(self, known: Mapping[str, AnySource] | None = None) -> None:
        self._known = sources() if known is None else known
        self._unknown: set[str] = set()
        self._notes: dict[str, str] = {}

    def notes(self) -> list[str]:
        """Sentences on what was left out."""
        found = list(self._notes.values())[:MOST_NOTES]
        if self._unknown:
            names = ", ".join(sorted(self._unknown)[:MOST_NOTES])
            found.append(f"sources that this kernward does not know are left out: {names}")
        return found

    def sample(self, stored: Stored) -> Sample:
        """The sample."""
        read: dict[str, Any] = {}
        absent = dict(stored.absent)
        for name in stored.after_s:
            source = self._known.get(name)
            if source is None:
                self._unknown.add(name)
                continue
            found = stored.read.get(name, {})
            if isinstance(source, Source):
                record = self._record(source, found)
                if record is None:
                    absent[name] = "the recording holds it in another form"
                    continue
                read[name] = record
            else:
                records = ((entity, self._record(source, each)) for entity, each in found.items())
                read[name] = {entity: each for entity, each in records if each is not None}
        return Sample(
            host=stored.host,
            boot_id=stored.boot_id,
            kernel=stored.kernel,
            at_utc=_EPOCH + timedelta(microseconds=stored.at_us),
            at_s=stored.at_s,
            read=read,
            read_at_s={name: stored.at_s + stored.after_s[name] for name in read},
            # Of a source that was cut nothing is known of the entities that are not here.
            asked={name: tuple(read[name]) for name in stored.cut if name in read},
            absent=absent,
            missing=stored.missing,
            cost_s=stored.cost_s,
        )

    def _record(self, source: AnySource, values: Mapping[str, Any]) -> Any:
        try:
            return msgspec.convert(values, source.record, strict=False)
        except msgspec.ValidationError as error:
            self._notes.setdefault(source.name, f"{source.name} could not be read everywhere: {error}")
            return None


def _extent(host: str, spans: Sequence[Span]) -> Extent:
    return Extent(
        host=host,
        first_utc=_EPOCH + timedelta(microseconds=min(each.first_us for each in spans)),
        last_utc=_EPOCH + timedelta(microseconds=max(each.last_us for each in spans)),
        samples=sum(each.samples for each in spans),
        size_bytes=sum(each.size_bytes for each in spans),
    )


def _us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
