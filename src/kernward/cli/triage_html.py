"""A triage as one HTML file that can be mailed, archived and opened anywhere: no network, no server.

Everything in it may come from an attacker, so nothing gets in by itself: each value that a template
prints has its control characters shown by number (`terminal.escape`), is cut to a bounded length and
is then escaped for HTML; ids are digests; a content security policy allows the one inline style and
script by their hashes and nothing else. The size is bounded whatever the logs hold.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernward import __version__
from kernward.cli.terminal import escape
from kernward.events import index
from kernward.events.kind import Field, Kind
from kernward.events.report import parse
from kernward.records.events import SEVERITIES, Event, Report
from kernward.records.problems import Problem, Timeline, Triage

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"

# What bounds the file: problems with their report, problems by title only, lanes of the timeline,
# lines and characters of a report, characters of any one value, entries of any one list.
DETAILED = 200
LISTED = 800
LANES = 40
REPORT_LINES = 200
REPORT_CHARS = 40_000
LINE_CHARS = 1_000
ENTRIES = 40

# How much of a line is matched against patterns: enough for any real one, little enough for any other.
MATCHED_CHARS = 4_000
LANE_HEIGHT = 18  # pixels

_CALLED = re.compile(r"(?<![\w$.])([A-Za-z_$.][\w$.]{0,255})\+0x[0-9a-f]").findall
_WRAPPER = re.compile(r"^__(?:se|do|x64|ia32|arm64|s390x?|riscv)_(?=(?:compat_)?sys_)")
# The unit that a field's name ends in, and for sizes how many bytes it is.
_UNITS = {
    **{"s": "s", "ms": "ms", "us": "µs", "ns": "ns", "celsius": "°C", "mhz": "MHz", "percent": "%"},
    **{"bytes": "B", "kb": "kB", "kib": "KiB", "mib": "MiB", "pages": "pages"},
}
_BYTES = {"bytes": 1, "kb": 1024, "kib": 1024, "mib": 1 << 20}
# Distances between labels of the time axis.
_STEPS_S = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200),
    *(86_400 * days for days in (1, 2, 5, 7, 14, 28, 91, 182, 365, 1825, 3650)),
)

# Of a report that is too long, this many lines are kept at its end; the rest at its beginning.
TAIL_LINES = 50


@dataclass(frozen=True, slots=True)
class Printed:
    """One line of a report as it is shown. `mark` names its style, `note` says why it is marked.

    A line with `left_out` stands for that many lines that are not shown.
    """

    text: str
    mark: str = ""
    note: str = ""
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of the table of fields: what it is called, what was read (a list: one by one), what it means."""

    name: str
    values: list[str]
    doc: str = ""


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
        return _moment(self.axis.start)

    @property
    def end(self) -> datetime:
        """Where the axis ends, on the UTC clock."""
        return _moment(self.axis.end)


@dataclass(frozen=True, slots=True)
class Card:
    """A problem and what is shown of it besides its own fields."""

    problem: Problem
    anchor: str
    kind: Kind | None
    lines: list[Printed]
    left_out: int
    facts: list[Fact]
    absent: list[str]
    context: list[tuple[str, str]]


def render(result: Triage) -> str:
    """The whole file as text; encode it as UTF-8."""
    style, script = _inline("triage.css"), _inline("triage.js")
    detailed, rest = result.problems[:DETAILED], result.problems[DETAILED:]
    anchors = _anchors(detailed)
    known = set(index.names())
    cards = [_card(problem, anchor, known) for problem, anchor in zip(detailed, anchors, strict=True)]
    targets = {
        problem.signature: (anchor, problem.rank)
        for problem, anchor in reversed(list(zip(detailed, anchors, strict=True)))
    }
    return (
        _environment()
        .get_template("triage.html.j2")
        .render(
            triage=result,
            totals=result.totals,
            cards=cards,
            rest=rest[:LISTED],
            unlisted=max(0, len(rest) - LISTED),
            targets=targets,
            charts=list(_charts(cards)),
            severities=[(name, sum(p.severity == name for p in result.problems)) for name in SEVERITIES],
            classes=sorted({p.class_ for p in result.problems}),
            entries=ENTRIES,
            bounded=LISTED,
            height=LANE_HEIGHT,
            version=__version__,
            style=style,
            style_hash=_hash(style),
            script=script,
            script_hash=_hash(script),
        )
    )


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    """The templates. Jinja escapes for HTML what `_shown` lets through, everywhere."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        utc=_utc, seconds=_seconds, size=_size, number=_number, rate=_rate, many=_many, prose=_prose
    )
    return environment


def _inline(name: str) -> Any:
    from markupsafe import Markup

    # Ours and static: the only text that is printed as it is.
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def _prose(text: str | None) -> Any:
    """A sentence of the catalogue; what stands between backquotes is code."""
    from markupsafe import Markup

    pieces = cut(" ".join((text or "").split()), 4 * LINE_CHARS).split("`")
    tags = [
        Markup("<code>{}</code>") if n % 2 and n < len(pieces) - 1 else Markup("{}")
        for n in range(len(pieces))
    ]
    return Markup("").join(tag.format(_shown(piece)) for tag, piece in zip(tags, pieces, strict=True))


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _shown(value: Any) -> Any:
    """What a template may print of `value`: markup made by templates, else plain, bounded text."""
    if hasattr(value, "__html__"):
        return value
    return "" if value is None else cut(escape(str(value)), LINE_CHARS)


def cut(text: str, limit: int) -> str:
    """`text`, or its beginning and how much is missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters)"


def _anchors(problems: Iterable[Problem]) -> list[str]:
    """An id for each problem, the same in every file the problem is in: links can be handed on."""
    anchors: list[str] = []
    for problem in problems:
        digest = blake2b(problem.signature.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        anchor = f"p-{digest}"
        anchors.append(anchor if anchor not in anchors else f"{anchor}-{len(anchors)}")
    return anchors


# -- numbers and times in words ------------------------------------------------------------------


def _utc(time: datetime | None) -> str:
    return _aware(time).strftime("%Y-%m-%d %H:%M:%S") if time else ""


def _aware(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.3f} s"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3g}"


def _rate(per_hour: float) -> str:
    """Events an hour, or a day where less than one came in an hour."""
    return f"{per_hour:,.1f} an hour" if per_hour >= 1 else f"{24 * per_hour:,.2g} a day"


def _many(count: int, one: str, more: str | None = None) -> str:
    """`3 hosts`, `1 host`."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def _size(size_bytes: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size_bytes) < 1024:
            return f"{size_bytes:,.0f} {unit}" if unit == "B" else f"{size_bytes:,.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:,.1f} TiB"


# -- the report and its deciding lines -----------------------------------------------------------


def _card(problem: Problem, anchor: str, known: set[str]) -> Card:
    event = problem.example
    kind = index.kind(event.kind) if event.kind.replace("-", "_") in known else None
    lines = shorten(list(marked(event, kind)))
    facts, absent = _facts(event, kind)
    return Card(
        problem,
        anchor,
        kind,
        lines,
        sum(line.left_out for line in lines),
        facts,
        absent,
        list(_context(event)),
    )


def marked(event: Event, kind: Kind | None) -> Iterator[Printed]:
    """The lines of the event's report, those that decided what it is called marked with the reason."""
    texts = [text.expandtabs() for text in event.text.rstrip("\n").split("\n")] if event.text else []
    heads = [text[:MATCHED_CHARS] for text in texts]
    openings = [re.compile(pattern.regex).match for pattern in kind.patterns] if kind else []
    details = [re.compile(regex).match for regex in kind.continues] if kind else []
    # A report may open with a rule or a `cut here` line before the line that names it.
    plausible = (n for n, head in enumerate(heads) if head.strip("-=_* \t") not in ("", "[ cut here ]"))
    named = (n for n, head in enumerate(heads) if any(match(head) for match in openings))
    headline = next(named, next(plausible, 0))
    parts = parse(heads[headline:])
    pointer = headline + parts.ip_line if parts.ip is not None else -1
    functions = [[plain(name) for name in _CALLED(head)] for head in heads]
    guilty = _guilty(event, heads, functions, headline)
    # Each skipped frame is dimmed where it is first met; deeper down the same function is no longer it.
    skipped = {plain(frame.function): frame.reason for frame in event.skipped}
    for number, (text, called) in enumerate(zip(texts, functions, strict=True)):
        reasons = [skipped.pop(name) for name in called if number > headline and name in skipped]
        notes = ["instruction pointer"] if number == pointer else []
        if number == headline:
            yield Printed(text, "headline", "headline")
        elif number == guilty:
            notes.append(f"responsible: {event.function_reason}" if event.function_reason else "responsible")
            yield Printed(text, "guilty", "; ".join(notes))
        elif reasons or notes:
            notes += [f"skipped: {reason}" for reason in reasons[:1]]
            yield Printed(text, "pointer" if number == pointer else "skipped", "; ".join(notes))
        elif number > headline and any(match(heads[number]) for match in details):
            yield Printed(text, "detail", "read for the fields")
        else:
            yield Printed(text)


def _guilty(event: Event, heads: list[str], functions: list[list[str]], headline: int) -> int:
    """The line that names the responsible function, preferring frames the unwinder was sure of; or -1."""
    if event.function is None:
        return -1
    wanted = plain(event.function)
    naming = [n for n, named in enumerate(functions) if n != headline and wanted in named]
    return next((n for n in naming if "? " not in heads[n]), naming[0] if naming else -1)


def plain(function: str) -> str:
    """A function's name without what compilers and the system call macros add to it."""
    return _WRAPPER.sub("", function.split(".", 1)[0] or function)


def shorten(lines: list[Printed]) -> list[Printed]:
    """The lines that are shown: marked ones, the end and the beginning; a gap says how many are not."""
    numbers = range(len(lines))
    marks = [n for n in numbers if lines[n].mark][: REPORT_LINES // 2]
    kept: set[int] = set()
    room = REPORT_CHARS
    for number in dict.fromkeys((*marks, *numbers[-TAIL_LINES:], *numbers)):
        room -= min(len(lines[number].text), LINE_CHARS)
        if len(kept) == REPORT_LINES or room < 0:
            break
        kept.add(number)
    shown: list[Printed] = []
    before = -1
    for number in (*sorted(kept), len(lines)):
        if number - before > 1:
            shown.append(Printed("", "gap", left_out=number - before - 1))
        if number < len(lines):
            shown.append(lines[number])
        before = number
    return shown


# -- fields --------------------------------------------------------------------------------------


def _facts(event: Event, kind: Kind | None) -> tuple[list[Fact], list[str]]:
    """The kind's own fields with their values, and the names of those that this report does not hold."""
    docs = {each.name: each for each in kind.fields} if kind else {}
    names = list(dict.fromkeys((*docs, *event.fields)))[: 2 * ENTRIES]
    facts = [
        Fact(name, _values(name, event.fields[name], docs.get(name)), docs[name].doc if name in docs else "")
        for name in names
        if event.fields.get(name) is not None
    ]
    return facts, [name for name in names if event.fields.get(name) is None]


def _values(name: str, value: Any, field: Field | None) -> list[str]:
    """One text, or one an entry of a list."""
    type = field.type if field else ""
    if not isinstance(value, (list, tuple)):
        return [_value(name, value, type)]
    left_out = [f"and {len(value) - ENTRIES:,} more"] if len(value) > ENTRIES else []
    return [_value(name, each, type) for each in value[:ENTRIES]] + left_out


def _value(name: str, value: Any, type: str) -> str:
    """The value with the unit that the field's name carries."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and type == "hex":
        return f"{value:#x}"
    if isinstance(value, (int, float)):
        suffix = name.rpartition("_")[2]
        if suffix in _BYTES and abs(value) >= 1024:
            return f"{_number(value)} {_UNITS[suffix]} ({_size(value * _BYTES[suffix])})"
        # What is only a name for something (a pid, a sector, a line) is not grouped by thousands.
        return f"{_number(value)} {_UNITS[suffix]}" if suffix in _UNITS else str(value)
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ", ".join(
            f"{key} {_value(str(key), each, '')}" for key, each in value.items() if each is not None
        )
    return str(value)


def _context(event: Event) -> Iterator[tuple[str, str]]:
    """Who and where, as far as the report says."""
    report = event.report or Report()
    running = (("CPU", report.cpu), ("PID", report.pid), ("task", report.comm), ("UID", report.uid))
    yield from ((name, str(value)) for name, value in running if value is not None)
    taint = "; ".join(f"{flag.letter}: {flag.meaning}" for flag in report.taint[:ENTRIES])
    machine = (
        ("kernel", report.kernel or event.kernel),
        ("build", report.build or event.build),
        ("hardware", report.hardware),
        ("taint", taint),
        ("workqueue", report.workqueue),
        ("instruction pointer", report.ip),
        ("held locks", "; ".join(report.held_locks[:ENTRIES])),
        ("boot", event.boot),
    )
    yield from ((name, value) for name, value in machine if value)


# -- the timeline --------------------------------------------------------------------------------


def _charts(cards: list[Card]) -> Iterator[Chart]:
    """One chart for the problems whose logs tell the date, one for those that tell seconds since boot."""
    for clock in ("utc", "monotonic"):
        timed = [
            (card, card.problem.timeline)
            for card in cards
            if card.problem.timeline and card.problem.timeline.clock == clock and card.problem.timeline.bins
        ]
        if not timed:
            continue
        ends = [end for _, timeline in timed for end in _span(timeline)]
        axis = _axis(clock, min(ends), max(ends))
        lanes = [_lane(card, timeline, axis) for card, timeline in timed[:LANES]]
        yield Chart(axis, lanes, len(timed) - len(lanes), sum(timeline.undated for _, timeline in timed))


def _starts(timeline: Timeline) -> list[float]:
    """Where each bin begins, in seconds of the clock."""
    return [
        _aware(each.start_utc).timestamp() if each.start_utc else each.start_monotonic_s or 0.0
        for each in timeline.bins
    ]


def _span(timeline: Timeline) -> tuple[float, float]:
    starts = _starts(timeline)
    return min(starts), max(starts) + max(timeline.bin_s, 1)


def _axis(clock: str, start: float, end: float) -> Axis:
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
    time = _moment(at)
    if step >= 86_400:
        return time.strftime("%b %-d" if step < 86_400 * 300 else "%Y")
    if at % 86_400 == 0:
        return time.strftime("%b %-d")
    return time.strftime("%H:%M" if step >= 60 else "%H:%M:%S")


def _moment(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _lane(card: Card, timeline: Timeline, axis: Axis) -> Lane:
    most = max(each.count for each in timeline.bins)
    bars: list[Bar] = []
    busiest = ""
    for start, each in zip(_starts(timeline), timeline.bins, strict=True):
        # The root keeps single events visible beside bursts.
        height = max(4, round(LANE_HEIGHT * (each.count / most) ** 0.5)) if most > 0 else 4
        width = max(axis.at(axis.start + timeline.bin_s), 0.05)
        when = _utc(_moment(start)) + " UTC" if timeline.clock == "utc" else f"{start:,.0f} s after boot"
        bars.append(Bar(axis.at(start), width, LANE_HEIGHT - height, height, each.count, when))
        if each.count == most and not busiest:
            busiest = when
    return Lane(card.problem, card.anchor, bars, most, busiest)
