"""The page as a whole: what goes to the template. Its size is bounded whatever was found."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from kernward import __version__
from kernward.cli import check_words, page, wording
from kernward.cli.check_html import plots
from kernward.records.check import Action, Check, Consequence, Finding, Scope

if TYPE_CHECKING:
    from jinja2 import Environment

# Findings with all that there is to them, and by their title only.
DETAILED = 40
LISTED = 400
# Rows of the tables, and characters of a text.
ROWS = 500
CHARS = 2000


@dataclass(frozen=True, slots=True)
class Card:
    """A finding and what is shown of it besides its own fields."""

    number: int
    finding: Finding
    plots: list[plots.Drawn]
    now: list[Action]
    for_good: list[Action]
    # With the number of the finding that it is.
    consequences: list[tuple[int | None, Consequence]]


def render(result: Check) -> str:
    """The whole file as text; encode it as UTF-8."""
    # What both pages share stands in the first.
    style = page.inline("triage.css", "check.css")
    numbers: dict[tuple[str, Scope], int] = {}
    for number, finding in enumerate(result.findings[:DETAILED], 1):
        numbers.setdefault((finding.id, finding.scope), number)
    return (
        _environment()
        .get_template("check.html.j2")
        .render(
            check=result,
            whole=Scope(),
            cards=[
                _card(number, finding, numbers)
                for number, finding in enumerate(result.findings[:DETAILED], 1)
            ],
            rest=result.findings[DETAILED : DETAILED + LISTED],
            unlisted=max(0, len(result.findings) - DETAILED - LISTED),
            unreadable=check_words.reasons(result.unreadable)[:ROWS],
            rows=ROWS,
            size=(plots.WIDTH, plots.HEIGHT, plots.LEFT, plots.RIGHT, plots.BOTTOM),
            version=__version__,
            style=style,
            style_hash=page.fingerprint(style),
        )
    )


def _card(number: int, finding: Finding, numbers: dict[tuple[str, Scope], int]) -> Card:
    laid_out = (plots.drawn(each) for each in finding.plots[:8])
    return Card(
        number,
        finding,
        [each for each in laid_out if each is not None],
        [each for each in finding.actions if each.when == "now"],
        [each for each in finding.actions if each.when == "for good"],
        [(numbers.get((each.id, each.scope)), each) for each in finding.consequences[:ROWS]],
    )


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    return page.environment(
        CHARS,
        place=check_words.place,
        when=check_words.when,
        clock=check_words.clock,
        looked=check_words.looked,
        recorded=check_words.recorded,
        certainty=check_words.certainty,
        many=wording.many,
        amount=check_words.amount,
    )
