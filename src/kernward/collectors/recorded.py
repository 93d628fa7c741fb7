"""Samples that were taken before, as a machine that is examined: what they hold is all there is to know."""

from collections.abc import Iterator, Mapping, Sequence

from kernward.collectors.sample import Sample
from kernward.collectors.window import Window
from kernward.records.check import Measured

# Shorter than this nothing is gained by looking at a part.
SHORTEST_PART_S = 60.0
FEWEST_SAMPLES = 4
MOST_PARTS = 48
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


def parts(samples: Sequence[Sample]) -> Iterator[tuple[Sample, ...]]:
    """A recording cut into windows that are long enough to tell something; a short one is one part.

    Neighbours share the sample at which they meet. A boot is never in one part with another.
    """
    for boot in _boots(samples):
        span_s = boot[-1].at_s - boot[0].at_s
        length_s = max(SHORTEST_PART_S, span_s / MOST_PARTS)
        part: list[Sample] = []
        for number, each in enumerate(boot):
            part.append(each)
            left_s = boot[-1].at_s - each.at_s
            long_enough = each.at_s - part[0].at_s >= length_s and len(part) >= FEWEST_SAMPLES
            # What is left must be enough for a part of its own.
            if long_enough and left_s >= length_s / 2 and len(boot) - number > FEWEST_SAMPLES:
                yield tuple(part)
                part = [each]
        yield tuple(part)


def thinned(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Samples over the whole time of the last boot, not more than are needed to see its course."""
    boot = list(_boots(samples))[-1]
    if len(boot) <= MOST_SAMPLES:
        return boot
    last = len(boot) - 1
    chosen = sorted({round(number * last / (MOST_SAMPLES - 1)) for number in range(MOST_SAMPLES)})
    return tuple(boot[number] for number in chosen)


def _boots(samples: Sequence[Sample]) -> Iterator[tuple[Sample, ...]]:
    boot: list[Sample] = []
    for each in samples:
        if boot and (each.boot_id != boot[-1].boot_id or each.at_s < boot[-1].at_s):
            yield tuple(boot)
            boot = []
        boot.append(each)
    if boot:
        yield tuple(boot)
