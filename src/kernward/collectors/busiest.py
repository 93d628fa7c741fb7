"""Which entities of a source matter most right now, where there are more than can be kept or shown.

An entity counts as much as its largest share in anything that the source counts or measures: the process
with half of all faults matters, whatever its share of processor time. What was busy a moment ago stays for a
while, so that a list does not flicker and a recording has no holes.
"""

from collections.abc import Mapping, Sequence
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
        self._names = [
            name
            for name, each in fields.items()
            if each.kind == "counter" or (each.kind == "gauge" and each.unit in ("bytes", "pages"))
        ]
        self._counts = [fields[name].kind == "counter" for name in self._names]
        self._get = attrgetter(*self._names) if len(self._names) > 1 else None
        self._most = most
        self._stuck = "state" in fields
        self._before: dict[str, Sequence[Any]] = {}
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
        values = {name: self._values(record) for name, record in records.items()}
        amounts = [self._amounts(name, each) for name, each in values.items()]
        self._before = values
        highest = [0.0] * len(amounts)
        for column, counts in zip(zip(*amounts, strict=True), self._counts, strict=True):
            total = sum(column)
            if total > 0:
                weight = (1.0 if counts else _GAUGE) / total
                highest = [max(one, each * weight) for one, each in zip(highest, column, strict=True)]
        faded = self._scores
        scores = {}
        for (name, record), share in zip(records.items(), highest, strict=True):
            if self._stuck and getattr(record, "state", None) == "D":
                share += STUCK
            scores[name] = max(share, faded.get(name, 0.0) * FADES)
        return scores

    def _values(self, record: T) -> Sequence[Any]:
        if self._get is not None:
            found: Sequence[Any] = self._get(record)
            return found
        return [getattr(record, name) for name in self._names]

    def _amounts(self, name: str, values: Sequence[Any]) -> list[float]:
        """How much of each counter is new, and how large each gauge is; of what is new all of it."""
        before = self._before.get(name)
        found = []
        for at, value in enumerate(values):
            if type(value) is not int and type(value) is not float:
                found.append(0.0)
                continue
            earlier = before[at] if before is not None and self._counts[at] else None
            if (type(earlier) is int or type(earlier) is float) and value >= earlier:
                value -= earlier
            found.append(float(value))
        return found
