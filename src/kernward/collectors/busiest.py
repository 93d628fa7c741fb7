"""Which entities of a source matter most right now, where there are more than can be kept or shown.

An entity counts as much as its largest share in anything that the source counts or measures: the process
with half of all faults matters, whatever its share of processor time. What was busy a moment ago stays for a
while, so that a list does not flicker and a recording has no holes.
"""

from collections.abc import Callable, Mapping, Sequence
from heapq import nlargest
from operator import attrgetter
from typing import Any, Generic

from kernward.collectors.source import EntitySource, T

# What is left of a score one sample later: after a minute at 5 s one tenth.
FADES = 0.82
# A task that waits uninterruptibly uses nothing, and is what somebody looks for later.
STUCK = 0.5
# Gauges tell who is large rather than who is busy: of two, the busy one matters more.
_GAUGE = 0.5


class Busiest(Generic[T]):
    """Chooses the same way sample after sample; one for each source."""

    def __init__(self, source: EntitySource[T], most: int) -> None:
        fields = source.quantities
        # Numbers only: a field that holds several, or a name, says nothing here.
        counters = [name for name, each in fields.items() if each.kind == "counter"]
        gauges = [
            name for name, each in fields.items() if each.kind == "gauge" and each.unit in ("bytes", "pages")
        ]
        self._counters = _getter(counters)
        self._gauges = _getter(gauges)
        self._none = (0.0,) * len(counters)
        self._most = most
        self._stuck = "state" in fields
        self._before: dict[str, tuple[Any, ...]] = {}
        self._scores: dict[str, float] = {}

    def choose(self, records: Mapping[str, T]) -> Mapping[str, T]:
        """Those that matter most, in their order; all of them when they are few enough."""
        if len(records) <= self._most:
            # What they have counted up to now is needed only once there are too many.
            self._before.clear()
            self._scores.clear()
            return records
        scores = self._score(records)
        chosen = set(nlargest(self._most, scores, key=scores.__getitem__))
        self._scores = {name: scores[name] for name in chosen}
        return {name: record for name, record in records.items() if name in chosen}

    def _score(self, records: Mapping[str, T]) -> dict[str, float]:
        counted = {name: self._counters(record) for name, record in records.items()}
        before, self._before = self._before, counted
        # Most of many entities have counted nothing, which one comparison tells.
        growths = [
            self._none if (earlier := before.get(name)) == each else _grown(earlier, each)
            for name, each in counted.items()
        ]
        shares = [0.0] * len(growths)
        for column in zip(*growths, strict=True):
            shares = _highest(shares, column, 1.0)
        for column in zip(*map(self._gauges, records.values()), strict=True):
            shares = _highest(shares, [each if _is_number(each) else 0 for each in column], _GAUGE)
        faded = self._scores
        scores = {}
        for (name, record), share in zip(records.items(), shares, strict=True):
            if self._stuck and getattr(record, "state", None) == "D":
                share += STUCK
            scores[name] = max(share, faded.get(name, 0.0) * FADES)
        return scores


def _getter(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Gives these attributes of a record, always as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda record: ()
    get = attrgetter(names[0])
    return lambda record: (get(record),)


def _highest(shares: Sequence[float], column: Sequence[float], weight: float) -> list[float]:
    """The larger of each share and of what this column gives."""
    total = sum(column)
    if total <= 0:
        return list(shares)
    return [max(share, weight * each / total) for share, each in zip(shares, column, strict=True)]


def _grown(before: tuple[Any, ...] | None, after: tuple[Any, ...]) -> tuple[float, ...]:
    """How much of each counter is new; of an entity that is new, or was reset, all of it."""
    earlier = before or (0,) * len(after)
    return tuple(
        (value - known if _is_number(known) and value >= known else value) if _is_number(value) else 0.0
        for known, value in zip(earlier, after, strict=True)
    )


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float
