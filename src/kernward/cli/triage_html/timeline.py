"""The timeline: a lane of bars for each problem, all lanes of one clock over the same axis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernward.cli.triage_html.words import aware, moment, utc
from kernward.records.problems import Problem, Timeline

# The lanes of a chart at most, and how high one is.
LANES = 40
HEIGHT_PX = 18

# Distances between labels of the time axis.
_STEPS_S = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200),
    *(86_400 * days for days in (1, 2, 5, 7, 14, 28, 91, 182, 365, 1825, 3650)),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a lane: left edge and width in percent of the axis, top and height in pixels."""

    left: float
    width: float
    top: int
    height: int
    count: int
    when: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of the axis at so many percent; `anchor` is SVG's text-anchor."""

    at: float
    label: str
    anchor: str


@dataclass(slots=True)
class Axis:
    """The axis that all lanes of one clock share: `start` and `end` in seconds (of the epoch for UTC)."""

    clock: str
    start: float
    end: float
    ticks: list[Tick] = field(default_factory=list)

    def at(self, seconds: float) -> float:
        """Where on the axis, in percent."""
        return round(100 * (seconds - self.start) / (self.end - self.start), 2)


@dataclass(frozen=True, slots=True)
class Lane:
    """One problem on the timeline: its bars, and the fullest one's count and time in words."""

    problem: Problem
    anchor: str
    bars: list[Bar]
    most: int
    busiest: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The lanes of one clock. `unshown` problems have a timeline but no lane; `undated` counts events."""

    axis: Axis
    lanes: list[Lane]
    unshown: int
    undated: int

    @property
    def start(self) -> datetime:
        """Where the axis begins, on the UTC clock."""
        return moment(self.axis.start)

    @property
    def end(self) -> datetime:
        """Where the axis ends, on the UTC clock."""
        return moment(self.axis.end)


def charts(problems: Sequence[tuple[str, Problem]]) -> Iterator[Chart]:
    """From anchors and problems one chart for the problems whose logs tell the date, one for those that tell seconds since boot."""
    for clock in ("utc", "monotonic"):
        timed = [
            (anchor, problem, problem.timeline)
            for anchor, problem in problems
            if problem.timeline and problem.timeline.clock == clock and problem.timeline.bins
        ]
        if not timed:
            continue
        ends = [end for *_, timeline in timed for end in _span(timeline)]
        axis = axis_of(clock, min(ends), max(ends))
        lanes = [_lane(*each, axis) for each in timed[:LANES]]
        yield Chart(axis, lanes, len(timed) - len(lanes), sum(timeline.undated for *_, timeline in timed))


def _starts(timeline: Timeline) -> list[float]:
    """Where each bin begins, in seconds of the clock."""
    return [
        aware(each.start_utc).timestamp() if each.start_utc else each.start_monotonic_s or 0.0
        for each in timeline.bins
    ]


def _span(timeline: Timeline) -> tuple[float, float]:
    starts = _starts(timeline)
    return min(starts), max(starts) + max(timeline.bin_s, 1)


def axis_of(clock: str, start: float, end: float) -> Axis:
    """An axis with at most seven labels at round times."""
    axis = Axis(clock, start, end)
    step = next((step for step in _STEPS_S if (end - start) / step <= 5), (end - start) / 5)
    first = -(-start // step)
    for number in range(7):
        at = (first + number) * step
        if at > end:
            break
        share = axis.at(at)
        anchor = "start" if share < 6 else "end" if share > 94 else "middle"
        axis.ticks.append(Tick(share, _label(clock, at, step), anchor))
    return axis


def _label(clock: str, at: float, step: float) -> str:
    if clock == "monotonic":
        return f"{at:,.0f} s"
    time = moment(at)
    if step >= 86_400:
        return time.strftime("%b %-d" if step < 86_400 * 300 else "%Y")
    if at % 86_400 == 0:
        return time.strftime("%b %-d")
    return time.strftime("%H:%M" if step >= 60 else "%H:%M:%S")


def _lane(anchor: str, problem: Problem, timeline: Timeline, axis: Axis) -> Lane:
    most = max(each.count for each in timeline.bins)
    bars: list[Bar] = []
    busiest = ""
    for start, each in zip(_starts(timeline), timeline.bins, strict=True):
        # The root keeps single events visible beside bursts.
        height = max(4, round(HEIGHT_PX * (each.count / most) ** 0.5)) if most > 0 else 4
        width = max(axis.at(axis.start + timeline.bin_s), 0.05)
        when = utc(moment(start)) + " UTC" if timeline.clock == "utc" else f"{start:,.0f} s after boot"
        bars.append(Bar(axis.at(start), width, HEIGHT_PX - height, height, each.count, when))
        if each.count == most and not busiest:
            busiest = when
    return Lane(problem, anchor, bars, most, busiest)
