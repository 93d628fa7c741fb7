"""Counts over time in bounded space: the bins widen as the span grows, and two such counts add up."""

from datetime import UTC, datetime

import msgspec

from kernward.records.problems import TimeBin, Timeline

# One bin a column of a wide terminal or a pixel or three of a phone.
MOST_BINS = 128


class Bins(msgspec.Struct):
    """Events by the number of the bin they fall into, each `width_s` seconds wide."""

    width_s: int = 1
    counts: dict[int, int] = {}

    def add(self, second: float, count: int = 1) -> None:
        """Count events at `second`, which may come in any order."""
        number = int(second // self.width_s)
        counts = self.counts
        if number in counts:
            counts[number] += count
        else:
            counts[number] = count
            if len(counts) > MOST_BINS:
                self._widen(self.width_s * 2)

    def merge(self, other: "Bins") -> None:
        """Add another count, whatever its width."""
        if other.width_s > self.width_s:
            self._widen(other.width_s)
        for number, count in other.counts.items():
            self.add(number * other.width_s, count)

    def _widen(self, width_s: int) -> None:
        # Widths are powers of two, so that a narrower bin lies within one wider bin.
        while True:
            factor = width_s // self.width_s
            wider: dict[int, int] = {}
            for number, count in self.counts.items():
                wider[number // factor] = wider.get(number // factor, 0) + count
            self.counts = wider
            self.width_s = width_s
            if len(wider) <= MOST_BINS:
                return
            width_s *= 2


def timeline(utc: Bins, monotonic: Bins) -> Timeline | None:
    """What to show of both clocks: UTC if any event has it; None when no event has a time."""
    if utc.counts:
        bins = tuple(
            TimeBin(datetime.fromtimestamp(number * utc.width_s, UTC), None, count)
            for number, count in sorted(utc.counts.items())
        )
        return Timeline("utc", utc.width_s, bins, sum(monotonic.counts.values()))
    if monotonic.counts:
        bins = tuple(
            TimeBin(None, float(number * monotonic.width_s), count)
            for number, count in sorted(monotonic.counts.items())
        )
        return Timeline("monotonic", monotonic.width_s, bins, 0)
    return None
