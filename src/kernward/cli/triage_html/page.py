"""The page as a whole: what goes to the templates. Its size is bounded whatever the logs hold; ids are digests."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from kernward import __version__
from kernward.cli import page, wording
from kernward.cli.triage_html import fields, report, timeline, words
from kernward.events import index
from kernward.events.kind import Kind
from kernward.records.events import SEVERITIES
from kernward.records.problems import Problem, Triage

if TYPE_CHECKING:
    from jinja2 import Environment

# Problems with their report, and problems by their title only. What is beyond is counted.
DETAILED = 200
LISTED = 800


@dataclass(frozen=True, slots=True)
class Card:
    """A problem and what is shown of it besides its own fields."""

    problem: Problem
    anchor: str
    kind: Kind | None
    lines: list[report.Printed]
    deciding: list[report.Printed]
    left_out: int
    facts: list[fields.Fact]
    absent: list[str]
    context: list[tuple[str, str]]


def render(result: Triage) -> str:
    """The whole file as text; encode it as UTF-8."""
    style, script = page.inline("triage.css"), page.inline("triage.js")
    detailed, rest = result.problems[:DETAILED], result.problems[DETAILED:]
    anchors = anchors_of(detailed)
    known = {name.replace("_", "-") for name in index.names()}
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
            unlisted=max(result.totals.problems, len(result.problems)) - len(detailed) - len(rest[:LISTED]),
            targets=targets,
            charts=list(timeline.charts(list(zip(anchors, detailed, strict=True)))),
            severities=[(name, sum(p.severity == name for p in result.problems)) for name in SEVERITIES],
            classes=sorted({p.class_ for p in result.problems}),
            entries=words.ENTRIES,
            bounded=LISTED,
            height=timeline.HEIGHT_PX,
            version=__version__,
            style=style,
            style_hash=page.fingerprint(style),
            script=script,
            script_hash=page.fingerprint(script),
        )
    )


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    return page.environment(
        utc=words.utc,
        seconds=words.seconds,
        size=wording.size,
        number=words.number,
        rate=words.rate,
        many=wording.many,
        prose=_prose,
    )


def _prose(text: str | None) -> Any:
    """A sentence of the catalogue; what stands between backquotes is code."""
    from markupsafe import Markup

    pieces = page.cut(" ".join((text or "").split()), 4 * page.CHARS).split("`")
    tags = [
        Markup("<code>{}</code>") if n % 2 and n < len(pieces) - 1 else Markup("{}")
        for n in range(len(pieces))
    ]
    return Markup("").join(tag.format(page.shown(piece)) for tag, piece in zip(tags, pieces, strict=True))


def anchors_of(problems: Iterable[Problem]) -> list[str]:
    """An id for each problem, the same in every file the problem is in: links can be handed on."""
    anchors: list[str] = []
    for problem in problems:
        digest = blake2b(problem.signature.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        anchor = f"p-{digest}"
        anchors.append(anchor if anchor not in anchors else f"{anchor}-{len(anchors)}")
    return anchors


def _card(problem: Problem, anchor: str, known: set[str]) -> Card:
    event = problem.example
    kind = index.kind(event.kind) if event.kind in known else None
    lines = report.shorten(list(report.marked(event, kind)))
    facts, absent = fields.facts(event, kind)
    return Card(
        problem,
        anchor,
        kind,
        lines,
        report.deciding(lines),
        sum(line.left_out for line in lines),
        facts,
        absent,
        list(fields.context(event)),
    )
