"""The running machine under a check: samples about once a second, and measurements when they are asked for.

The first look reads files only. Each further look attaches the measurements that were asked for and reads
the sources that were asked for, beside everything of the first look, so that the window only grows. How
often samples are taken follows from what they cost: on a machine where reading is slow they are fewer, though
not too few to see a course.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from kernward.collectors.clock import Clock
from kernward.collectors.root import Root
from kernward.collectors.sample import Sample, take
from kernward.collectors.source import AnySource
from kernward.collectors.sources import sources
from kernward.collectors.urgency import hurry
from kernward.collectors.window import Window
from kernward.records.check import Measured
from kernward.records.errors import UsageError

# How long the first look lasts. Quotas have periods of 0.1 s, PSI averages and the block layer's timeouts
# several seconds: shorter than this a pause between two bursts passes for rest.
FIRST_LOOK_S = 5.5
# A look that only reads some more files, such as the stacks of a few tasks. With two of them the answer still comes
# within 10 s.
SHORT_LOOK_S = 1.75
# All looks together; the answer is promised within 30 s, and starting, attaching and thinking take time too.
LONGEST_S = 24.0
INTERVAL_S = 1.0
SHORT_INTERVAL_S = 0.85
# What grows steadily cannot be told from what jumped once with fewer steps than these, so that so many are
# taken even where reading is dear, as long as it takes no more than this part of the time.
FEWEST_STEPS = 6
MOST_SHARE = 0.3
# Sources that take longer than this, and a larger part of the sample, are read at the ends of a look only.
SLOW_SOURCE_S = 0.02
SLOW_SHARE = 0.2


class Measuring(Protocol):
    """Measurements that are attached to the kernel; see measuring.Session."""

    def start(self, names: Sequence[str]) -> Mapping[str, Measured]:
        """Attach these, each by the best way that works; what became of each."""
        ...

    def read(self) -> Mapping[str, Mapping[str, msgspec.Struct]]:
        """What each has counted since it was attached, by name and entity."""
        ...

    def check_cost(self) -> Sequence[Measured]:
        """What each costs; one that cost more than it may is detached by now."""
        ...

    def close(self) -> None:
        """Detach all."""
        ...


class Live:
    """A machine that is being looked at. Reading it costs time: `window` takes the first look."""

    def __init__(
        self,
        root: Root,
        clock: Clock,
        *,
        seconds: float = FIRST_LOOK_S,
        longest_s: float = LONGEST_S,
        max_overhead_percent: float = 2.0,
        entities: Mapping[str, Sequence[str]] | None = None,
        measuring: Callable[[], Measuring] | None = None,
        progress: Callable[[str], object] | None = None,
    ) -> None:
        self._root = root
        root.keeps_helper = True
        self._clock = clock
        self._seconds = seconds
        self._max_overhead = max_overhead_percent / 100
        # Who looks longer than usual still gets what has to be measured.
        self._ends_at_s = clock.monotonic_s() + longest_s + max(seconds - FIRST_LOOK_S, 0.0)
        # Sources that are read for some entities only, by name.
        self._entities: dict[str, tuple[str, ...]] = {
            name: tuple(some) for name, some in (entities or {}).items()
        }
        self._measuring = measuring
        self._progress = progress or (lambda _doing: None)
        # Made when the first measurement is asked for: many a check needs none.
        self._session: Measuring | None = None
        self._samples: list[Sample] = []
        self._window: Window | None = None
        self._slow: dict[str, bool] = {}

    def window(self) -> Window:
        """What was read up to now; the first call takes the first look."""
        if not self._samples:
            self._progress(f"looking for {self._seconds:g} s")
            self._look(self._seconds)
        if self._window is None or self._window.last is not self._samples[-1]:
            # Kept, because it remembers the differences that it has made.
            self._window = Window(self._samples)
        return self._window

    def go_on(
        self, measurements: Sequence[str], asked: Mapping[str, Sequence[str]]
    ) -> Mapping[str, Measured]:
        """Look again, with these measurements attached and these sources read besides."""
        became: dict[str, Measured] = {}
        if measurements and self._measuring is not None:
            self._session = self._session or self._measuring()
            for name in measurements:
                try:
                    became.update(self._session.start([name]))
                except UsageError as error:
                    became[name] = Measured(name=name, tier=None, reason=str(error))
        known = sources()
        for name, some in asked.items():
            if name in known:
                self._entities[name] = tuple(dict.fromkeys((*self._entities.get(name, ()), *some)))
                became[name] = Measured(name=name, tier="read on demand")
        if not any(each.tier for each in became.values()):
            return became
        long = (
            min(self._seconds, FIRST_LOOK_S)
            if any(became[name].tier for name in measurements if name in became)
            else 0
        )
        self._look(max(SHORT_LOOK_S, long))
        if self._session is not None:
            became.update({each.name: each for each in self._session.check_cost()})
        for name in asked:
            if name in became and not any(name in each.read for each in self._samples):
                reason = self._samples[-1].absent.get(name, "there was nothing to read")
                became[name] = Measured(name=name, tier=None, reason=reason)
        return became

    def seconds_left(self) -> float:
        """How much longer it may take."""
        return self._ends_at_s - self._clock.monotonic_s()

    def close(self) -> None:
        """Detach what was attached."""
        if self._session is not None:
            self._session.close()
        self._root.close()

    def _look(self, seconds: float) -> None:
        hurry(self._root)
        self._take(at_end=True)
        # Counted from here: what the first sample loads takes seconds on a slow machine, and those that are read
        # last would be read twice at the same moment.
        ends_at_s = self._clock.monotonic_s() + min(seconds, max(self.seconds_left(), SHORT_LOOK_S))
        while True:
            left = ends_at_s - self._clock.monotonic_s()
            interval = self._interval_s(seconds)
            # One that would come shortly before the last is not worth its cost.
            if left <= 1.5 * interval:
                break
            self._clock.sleep(interval)
            self._take(at_end=False)
        self._clock.sleep(max(left, 0.0))
        self._take(at_end=True)

    def _interval_s(self, look_s: float) -> float:
        # The first sample imports what reads, and keeps what the next ones need no more.
        cost_s = min((each.cost_s or 0.0 for each in self._samples[1:]), default=0.0)
        usual_s = SHORT_INTERVAL_S if look_s <= SHORT_LOOK_S else INTERVAL_S
        longest_s = max(usual_s, look_s / FEWEST_STEPS, cost_s / MOST_SHARE)
        return min(max(usual_s, cost_s / self._max_overhead), longest_s)

    def _take(self, *, at_end: bool) -> None:
        sample = take(self._root, self._clock, self._wanted(at_end=at_end), self._entities)
        # The first sample imports what reads.
        if self._samples:
            self._slow.update(_slow(sample))
        if self._session is not None:
            counted = self._session.read()
            at_s = self._clock.monotonic_s()
            sample = msgspec.structs.replace(
                sample,
                read={**sample.read, **counted},
                read_at_s={**sample.read_at_s, **dict.fromkeys(counted, at_s)},
            )
        self._samples.append(sample)

    def _wanted(self, *, at_end: bool) -> list[AnySource]:
        return [
            each
            for each in sources().values()
            if (each.when in ("sample", "check") or each.name in self._entities)
            and (at_end or each.when == "sample" or not self._slow.get(each.name))
        ]


def _slow(sample: Sample) -> dict[str, bool]:
    """Whether each source took long, itself and of all that the sample took; told by when each was done."""
    took: dict[str, float] = {}
    before_s = sample.at_s
    for name, at_s in sample.read_at_s.items():
        took[name] = at_s - before_s
        before_s = at_s
    # Where all is slow because the processor is, none of them is.
    limit_s = max(SLOW_SOURCE_S, SLOW_SHARE * (before_s - sample.at_s))
    return {name: each > limit_s for name, each in took.items()}


def of_process(pid: int) -> dict[str, tuple[str, ...]]:
    """What is read besides when the question is about one process: all that is known of a process."""
    found: dict[str, Any] = {}
    for each in sources().values():
        if each.when == "asked" and each.scope == "process":
            found[each.name] = (str(pid),)
    return found
