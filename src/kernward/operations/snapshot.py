"""A snapshot: this machine's state over a few seconds, in one file that can be checked elsewhere."""

from collections.abc import Iterator
from pathlib import Path

from kernward.collectors import snapshot_file
from kernward.collectors.busiest import Busiest
from kernward.collectors.clock import Clock
from kernward.collectors.root import Root
from kernward.collectors.sample import Sample, take
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import sources

INTERVAL_S = 1.0
# A machine on which reading takes long is read less often rather than all the time.
LARGEST_SHARE = 0.25
# Stacks, files and threads are read of these only: at most so many of each kind of entity.
MOST_ASKED = 32


def snapshot(path: Path, seconds: float, *, root: Root | None = None, clock: Clock | None = None) -> int:
    """Write a snapshot that covers so many seconds; returns the size of the file."""
    return snapshot_file.write(path, samples(root or Root("/"), clock or Clock(), seconds))


def samples(root: Root, clock: Clock, seconds: float) -> Iterator[Sample]:
    """Samples about every second, at least two; the first and the last with everything there is."""
    cheap = [each for each in sources().values() if each.when == "sample"]
    detailed = [each for each in sources().values() if each.when == "check"]
    asked = [each for each in sources().values() if each.when == "asked" and isinstance(each, EntitySource)]
    choosing = {
        each.scope: Busiest(each, MOST_ASKED)
        for each in cheap
        if isinstance(each, EntitySource) and each.scope in ("process", "cgroup")
    }
    ends_s = clock.monotonic_s() + seconds
    interval_s = INTERVAL_S
    entities: dict[str, tuple[str, ...]] = {}
    last = False
    first = True
    while True:
        wanted = [*cheap, *(detailed if first or last else ()), *(asked if last else ())]
        sample = take(root, clock, wanted, entities if last else None)
        yield sample
        if last:
            return
        for each in cheap:
            if isinstance(each, EntitySource) and each.scope in choosing and each.name in sample.read:
                chosen = tuple(choosing[each.scope].choose(sample.each(each)))
                entities |= {other.name: chosen for other in asked if other.scope == each.scope}
        first = False
        interval_s = max(interval_s, (sample.cost_s or 0.0) / LARGEST_SHARE)
        left_s = ends_s - clock.monotonic_s()
        last = left_s < 1.5 * interval_s
        clock.sleep(max(left_s, 0.1) if last else interval_s)
