"""Plots of deciding signals, laid out for SVG: everything a number of ours, so that nothing is markup."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from kernward.cli.check_words import amount, place
from kernward.records.check import Plot

# The drawing's own coordinates; the page scales it.
WIDTH, HEIGHT = 560, 120
LEFT, RIGHT, TOP, BOTTOM = 78, 8, 8, 22
MOST_POINTS = 240
_ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A label: where, and what."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot that is laid out. `line` are the points of a polyline, `area` those of the polygon below it."""

    signal: str
    where: str
    line: str
    area: str
    dots: list[tuple[float, float]]
    across: list[Tick]
    up: list[Tick]
    told: str


def drawn(plot: Plot) -> Drawn | None:
    """The layout; None when there is nothing to draw."""
    points = _thinned(
        [
            (at, value)
            for at, value in zip(plot.at_utc, plot.values, strict=False)
            if isfinite(value) and at is not None
        ]
    )
    if len(points) < 2 or points[-1][0] <= points[0][0]:
        return None
    values = [value for _, value in points]
    low, high = min(0.0, *values), _rounded(max(values))
    if high <= low:
        high = low + 1.0
    first, last = points[0][0], points[-1][0]
    span_s = (last - first).total_seconds()
    places = [
        (
            round(LEFT + (WIDTH - LEFT - RIGHT) * (at - first).total_seconds() / span_s, 1),
            round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 1),
        )
        for at, value in points
    ]
    line = " ".join(f"{x},{y}" for x, y in places)
    floor = HEIGHT - BOTTOM
    unit = plot.unit
    middle = first + (last - first) / 2
    return Drawn(
        signal=plot.signal,
        where=place(plot.scope),
        line=line,
        area=f"{places[0][0]},{floor} {line} {places[-1][0]},{floor}",
        dots=places if len(places) <= 40 else [],
        across=[
            Tick(places[0][0], first.strftime("%H:%M:%S")),
            Tick((LEFT + WIDTH - RIGHT) / 2, middle.strftime("%H:%M:%S")),
            Tick(places[-1][0], last.strftime("%H:%M:%S")),
        ],
        up=[
            Tick(floor, amount(low, unit)),
            Tick((floor + TOP) / 2, amount((low + high) / 2, unit)),
            Tick(TOP, amount(high, unit)),
        ],
        told=(
            f"from {amount(values[0], unit)} to {amount(values[-1], unit)}, "
            f"at least {amount(min(values), unit)}, at most {amount(max(values), unit)}"
        ),
    )


def _rounded(value: float) -> float:
    """The next number above that is easy to read."""
    if value <= 0:
        return 0.0
    size = 1.0
    while size * 10 <= value:
        size *= 10
    while size > value:
        size /= 10
    return next(step * size for step in _ROUND if step * size >= value * 0.999)


def _thinned(points: Sequence[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    """Fewer points with the same peaks: of each stretch its highest."""
    if len(points) <= MOST_POINTS:
        return list(points)
    length = -(-len(points) // MOST_POINTS)
    stretches = (points[at : at + length] for at in range(0, len(points), length))
    return [max(stretch, key=lambda point: point[1]) for stretch in stretches]
