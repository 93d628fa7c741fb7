"""Samples that were taken before, as a machine that is examined: what they hold is all there is to know."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kernward.collectors.sample import Sample
from kernward.collectors.window import Window
from kernward.records.check import Measured

# Shorter than this nothing is gained by looking at a part.
SHORTEST_PART_S = 60.0
FEWEST_SAMPLES = 4
MOST_PARTS = 400
# A whole recording is looked at with this many of its samples: differences stay what they are.
MOST_SAMPLES = 90


class Recorded:
    """Some samples of one machine."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._window = Window(samples)

    def window(self) -> Window:
        """All of them."""
        return self._window

    def go_on(
        self, measurements: Sequence[str], asked: Mapping[str, Sequence[str]]
    ) -> Mapping[str, Measured]:
        """What was measured then can be looked at; nothing can be measured any more."""
        held = {name for each in self._window.samples for name in each.read}
        return {
            name: Measured(name=name, tier="as recorded")
            if name in held
            else Measured(name=name, tier=None, reason="it was not recorded")
            for name in (*measurements, *asked)
        }

    def seconds_left(self) -> float:
        """Nothing has to be waited for."""
        return 1.0


def parts(samples: Iterable[Sample], span_s: float) -> Iterator[tuple[Sample, ...]]:
    """A recording of so long cut into windows that each tell something; a short one is one part.

    Neighbours share the sample at which they meet. A boot is never in one part with another. No more
    than two parts are held at a time.
    """
    length_s = max(SHORTEST_PART_S, span_s / MOST_PARTS)
    held: list[Sample] = []
    part: list[Sample] = []
    for each in samples:
        if part and not _same_boot(part[-1], each):
            yield from _last(held, part)
            held, part = [], []
        part.append(each)
        if each.at_s - part[0].at_s >= length_s and len(part) >= FEWEST_SAMPLES:
            if held:
                yield tuple(held)
            held, part = part, [each]
    yield from _last(held, part)


def _last(held: list[Sample], part: list[Sample]) -> Iterator[tuple[Sample, ...]]:
    """What is left in the end: with the part before it where it is too short to tell something alone."""
    if not held:
        if part:
            yield tuple(part)
    elif part[-1].at_s - part[0].at_s < SHORTEST_PART_S / 2 or len(part) < FEWEST_SAMPLES:
        yield (*held, *part[1:])
    else:
        yield tuple(held)
        yield tuple(part)


class Thinned:
    """Samples over the whole time of the latest boot, not more than are needed to see its course."""

    def __init__(self) -> None:
        self._kept: list[Sample] = []
        self._every = 1
        self._seen = 0
        self._last: Sample | None = None

    def add(self, sample: Sample) -> None:
        """The next one."""
        if self._last is not None and not _same_boot(self._last, sample):
            self._kept, self._every, self._seen = [], 1, 0
        if self._seen % self._every == 0:
            self._kept.append(sample)
        if len(self._kept) > MOST_SAMPLES:
            self._kept = self._kept[::2]
            self._every *= 2
        self._seen += 1
        self._last = sample

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Those that were kept, the first and the last among them."""
        last = [self._last] if self._last is not None and self._kept[-1] is not self._last else []
        return (*self._kept, *last)


def _same_boot(before: Sample, after: Sample) -> bool:
    return before.boot_id == after.boot_id and before.at_s <= after.at_s
