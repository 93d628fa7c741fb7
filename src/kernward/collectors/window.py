"""Several samples of one machine, and what changed between them.

Counters are differenced with care: one that wraps at its width goes on, one that was reset (a device
that came back, a module reloaded) gives None, because a difference across a reset means nothing. What came
to be during the window (a process, also one that took over an id; a cgroup; a device) has counted all that it
counts since then. Samples of different boots are never differenced.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from kernward.collectors.quantity import Quantity
from kernward.collectors.sample import Sample
from kernward.collectors.source import AnySource, EntitySource, Source, T


class Window:
    """Samples in the order of their times, at least one, all of the boot of the last one."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        last = samples[-1]
        self.samples = tuple(
            each for each in samples if each.boot_id == last.boot_id and each.at_s <= last.at_s
        )
        self._overs: dict[str, Any] = {}

    @property
    def first(self) -> Sample:
        """The earliest sample."""
        return self.samples[0]

    @property
    def last(self) -> Sample:
        """The latest sample."""
        return self.samples[-1]

    @property
    def at_utc(self) -> datetime:
        """When the last sample was taken."""
        return self.last.at_utc

    @property
    def seconds(self) -> float:
        """How long it is; with a single sample, which counts since boot, the time since boot."""
        return self.last.at_s - self.first.at_s if not self.since_boot else self.last.at_s

    @property
    def since_boot(self) -> bool:
        """There is one sample only, as in a copied tree: counters are those since boot."""
        return len(self.samples) == 1

    def of(self, source: Source[T]) -> T | None:
        """The latest record of a source."""
        for sample in reversed(self.samples):
            record = sample.of(source)
            if record is not None:
                return record
        return None

    def each(self, source: EntitySource[T]) -> Mapping[str, T]:
        """The latest records of a source, by entity."""
        for sample in reversed(self.samples):
            records = sample.each(source)
            if records:
                return records
        return {}

    def over(self, source: Source[T]) -> T | None:
        """The latest record with each counter replaced by how much it grew over the window."""
        if source.name not in self._overs:
            having = [each for each in self.samples if each.of(source) is not None]
            self._overs[source.name] = self._grown(having, source, None)
        found: T | None = self._overs[source.name]
        return found

    def each_over(self, source: EntitySource[T]) -> Mapping[str, T]:
        """The same for every entity of the latest sample that has this source."""
        if source.name not in self._overs:
            having = [each for each in self.samples if source.name in each.read]
            found: dict[str, T] = {}
            for entity in having[-1].each(source) if having else ():
                with_it = [each for each in having if entity in each.each(source)]
                earlier = [each for each in having if each.at_s < with_it[0].at_s]
                grown = self._grown(with_it, source, entity, born=_born(earlier, with_it[0], source, entity))
                if grown is not None:
                    found[entity] = grown
            self._overs[source.name] = found
        overs: Mapping[str, T] = self._overs[source.name]
        return overs

    def seconds_of(self, source: AnySource) -> float:
        """The time between the first and the last reading of this source; rates are per this."""
        at = [each.read_at_s[source.name] for each in self.samples if source.name in each.read_at_s]
        if len(at) > 1 and at[-1] > at[0]:
            return at[-1] - at[0]
        return self.seconds or 1.0

    def steps(self, source: Source[T]) -> Iterator[tuple[datetime, float, T]]:
        """For each pair of consecutive readings: when, the seconds between them, what grew."""
        having = [each for each in self.samples if each.of(source) is not None]
        for before, after in zip(having, having[1:], strict=False):
            grown = _difference(before.of(source), after.of(source), source.quantities)
            span = after.read_at_s[source.name] - before.read_at_s[source.name]
            if span > 0:
                yield after.at_utc, span, grown

    def each_steps(self, source: EntitySource[T], entity: str) -> Iterator[tuple[datetime, float, T]]:
        """The same for one entity."""
        having = [each for each in self.samples if entity in each.each(source)]
        for before, after in zip(having, having[1:], strict=False):
            grown = _difference(before.each(source)[entity], after.each(source)[entity], source.quantities)
            span = after.read_at_s[source.name] - before.read_at_s[source.name]
            if span > 0:
                yield after.at_utc, span, grown

    def why_absent(self, source: AnySource) -> str | None:
        """Why there is nothing of this source; None when there is something."""
        if any(source.name in each.read for each in self.samples):
            return None
        for sample in reversed(self.samples):
            if source.name in sample.absent:
                return sample.absent[source.name]
        return f"{', '.join(source.files)}: not part of what was recorded"

    def _grown(
        self, having: Sequence[Sample], source: AnySource, entity: str | None, born: bool = False
    ) -> Any:
        """`born`: an earlier sample would have it, had it been there."""
        records = [
            each.read[source.name] if entity is None else each.read[source.name][entity] for each in having
        ]
        if not records:
            return None
        if len(records) == 1 and not self.since_boot and not born:
            return _unknown_counters(records[0], source.quantities)
        if len(records) == 1:
            return records[0]
        fields = source.quantities
        identities = [name for name, each in fields.items() if each.kind == "identity"]
        # Where another entity took over the name.
        reborn = frozenset(
            number
            for number, (before, after) in enumerate(zip(records, records[1:], strict=False), 1)
            if any(getattr(before, name) != getattr(after, name) for name in identities)
        )
        return msgspec.structs.replace(
            records[-1],
            **{
                name: _growth([getattr(each, name) for each in records], each.bits, reborn, born)
                for name, each in fields.items()
                if each.kind == "counter"
            },
        )


def _born(earlier: Sequence[Sample], having: Sample, source: EntitySource[Any], entity: str) -> bool:
    """Whether an entity came to be since the last of the earlier samples, rather than into view.

    A recording keeps only the busiest processes; what says that it is older than that sample is.
    """
    if not earlier or not earlier[-1].asked_for(source, entity):
        return False
    began_s = getattr(having.each(source)[entity], "start_s", None)
    return began_s is None or began_s >= earlier[-1].at_s - 1


def _growth(values: Sequence[Any], bits: int, reborn: Collection[int], born: bool) -> Any:
    """How much a counter grew over all its readings; `born`: what the first one shows counts as well."""
    first, last = values[0], values[-1]
    if not reborn and isinstance(first, int | float):
        # What nearly all counters do needs no more than this, and there are many.
        before = first
        for each in values:
            if each is None or each < before:
                break
            before = each
        else:
            return last if born else last - first
    total = first if born else _NOTHING
    for number, (before, after) in enumerate(zip(values, values[1:], strict=False), 1):
        step = after if number in reborn else grown(before, after, bits)
        if step is None or total is None:
            return None
        total = step if total is _NOTHING else _plus(total, step)
    return total


_NOTHING = object()


def _difference(before: Any, after: Any, fields: Mapping[str, Quantity]) -> Any:
    """`after` with each counter replaced by its growth: all of it when it is another entity by now."""
    changes: dict[str, Any] = {}
    for name, quantity in fields.items():
        if quantity.kind == "identity" and getattr(before, name) != getattr(after, name):
            return after
        if quantity.kind == "counter":
            changes[name] = grown(getattr(before, name), getattr(after, name), quantity.bits)
    return msgspec.structs.replace(after, **changes)


def grown(before: Any, after: Any, bits: int = 64) -> Any:
    """How much a counter grew: a number, or item by item; None when either is absent or it was reset."""
    if before is None or after is None:
        return None
    if isinstance(after, tuple):
        if len(before) != len(after):
            return None
        parts = tuple(grown(one, other, bits) for one, other in zip(before, after, strict=True))
        return None if None in parts else parts
    if isinstance(after, Mapping):
        found = {key: grown(before.get(key, 0), value, bits) for key, value in after.items()}
        return {key: value for key, value in found.items() if value is not None}
    if after >= before:
        return after - before
    # A counter of 32 bits on a busy machine wraps within hours. One that was reset starts near 0 as well,
    # so it counts as wrapped only where it was in the last quarter of its range.
    if bits == 32 and isinstance(after, int) and before >= 3 << 30 and after < 1 << 30:
        return after + (1 << 32) - before
    return None


def _plus(one: Any, other: Any) -> Any:
    if isinstance(one, tuple):
        return tuple(a + b for a, b in zip(one, other, strict=True))
    if isinstance(one, Mapping):
        return {key: one.get(key, 0) + other.get(key, 0) for key in {*one, *other}}
    return one + other


def _unknown_counters(record: Any, fields: Mapping[str, Quantity]) -> Any:
    return msgspec.structs.replace(
        record, **{name: None for name, each in fields.items() if each.kind == "counter"}
    )
