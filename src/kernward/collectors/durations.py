"""Histograms of durations, as measurements count them: how many took how long, in powers of two.

Item 0 counts what took less than 2 µs, item i what took from 2^i µs to less than 2^(i+1) µs, the last
everything longer. Nothing is interpolated within an item beyond what a quantile needs.
"""

from collections.abc import Sequence

# The last one begins at 67 s.
ITEMS = 27


def begins_s(item: int) -> float:
    """The shortest duration that this item counts."""
    return 0.0 if item == 0 else (1 << item) / 1e6


def item(duration_s: float) -> int:
    """Where a duration is counted."""
    return min(max(int(duration_s * 1e6).bit_length() - 1, 0), ITEMS - 1)


def quantile_s(counts: Sequence[int], share: float) -> float | None:
    """The duration that this share of all stays below: 0.5 for the median; None when nothing was counted.

    It is exact up to the width of an item: the true value is at most twice, and at least half, of it.
    """
    total = sum(counts)
    if not total:
        return None
    wanted = share * total
    before = 0
    for number, count in enumerate(counts):
        if count and before + count >= wanted:
            low, high = begins_s(number), begins_s(number + 1)
            return low + (high - low) * (wanted - before) / count
        before += count
    return begins_s(len(counts))


def at_least(counts: Sequence[int], duration_s: float) -> int:
    """How many took at least this long, counted by whole items: those that begin there or later."""
    return sum(count for number, count in enumerate(counts) if begins_s(number) >= duration_s)
