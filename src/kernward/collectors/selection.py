"""Which cgroups are read, on a machine that has thousands of them.

All are looked at now and then; in between only those that were the busiest in any source are read, so that
a look costs what it shows. A new one is seen at the next full look.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from kernward.collectors.busiest import Busiest
from kernward.collectors.sample import Sample
from kernward.collectors.source import AnySource, EntitySource

# A full look is taken in every so many samples.
FULL = 10


class Selection:
    """Restricts the sources of one scope to at most so many entities, the same of each source."""

    def __init__(self, chosen: Iterable[AnySource], most: int, scope: str = "cgroup") -> None:
        self._sources: list[EntitySource[Any]] = [
            each for each in chosen if isinstance(each, EntitySource) and each.scope == scope
        ]
        self._most = most
        # So that all of them together are no more.
        part = max(1, most // max(1, len(self._sources)))
        self._busiest = {each.name: Busiest(each, part) for each in self._sources}
        self._names: tuple[str, ...] | None = None
        self._taken = 0
        # How many there were at the last full look.
        self.there = 0

    def entities(self) -> Mapping[str, Collection[str]]:
        """What the next sample reads, for `sample.take`: of a source that is not here, everything."""
        if self._names is None or self._taken % FULL == 0:
            return {}
        return {each.name: self._names for each in self._sources}

    def seen(self, sample: Sample) -> None:
        """Choose by what a sample has read."""
        restricted = bool(self.entities())
        self._taken += 1
        if restricted:
            return
        there = {entity for each in self._sources for entity in sample.each(each)}
        self.there = len(there)
        self._names = None
        if self.there > self._most:
            chosen = (self._busiest[each.name].choose(sample.each(each)) for each in self._sources)
            self._names = tuple({entity for found in chosen for entity in found})

    def shown(self) -> Collection[str] | None:
        """Those that were chosen; None when they are all."""
        return self._names
