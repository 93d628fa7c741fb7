"""A check as text that a person on call can paste into an incident.

The first line names the cause and where it strikes; then, for each cause, the mechanism, the evidence, the way
from cause to symptom and what to do; then what was ruled out and what could not be decided or seen. Everything
that comes from the machine has its control characters shown by number. Plain text is composed here by hand, and not by
rich, because on a machine in trouble importing that takes longer than all the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

import click

from kernward.cli.check_words import amount, certainty, clock, looked, place, reasons, recorded, short, when
from kernward.cli.terminal import escape
from kernward.cli.wording import many
from kernward.records.check import Check, Consequence, Evidence, Finding, Measured, Scope

WIDTH = 100
NARROWEST = 60
# Findings in detail, and in a line each; what is beyond is counted.
DETAILED = 5
LISTED = 20
# Files that could not be read; there may be one for each process.
UNREAD = 12
VICTIMS = 6

_NOT_WELL = (
    "That is what these hypotheses can see in this time, not that the machine is well: what they do not know, what "
    "was not measurable, and what did not happen while kernward looked, would not show here."
)


def lines(result: Check, width: int = WIDTH, *, styled: bool = False) -> Iterator[str]:
    """The lines of the answer; `styled` sets headings off on a terminal."""
    page = _Page(max(width, NARROWEST), styled)
    yield from page.answer(result)


class _Page:
    def __init__(self, width: int, styled: bool) -> None:
        self.width = width
        self.styled = styled

    def answer(self, result: Check) -> Iterator[str]:
        yield from self.headline(result)
        for number, finding in enumerate(result.findings[:DETAILED], 1):
            yield ""
            yield from self.finding(number, finding, result.findings)
        rest = result.findings[DETAILED : DETAILED + LISTED]
        if rest:
            yield ""
            yield from self.heading("Further causes")
            for number, finding in enumerate(rest, DETAILED + 1):
                yield from self.item(f"{_title(finding)} ({certainty(finding.confidence)})", f"{number}. ")
        left = len(result.findings) - DETAILED - len(rest)
        if left > 0:
            yield from self.item(f"and {left} more, which --format json lists")
        if result.elsewhere:
            yield ""
            yield from self.heading(f"Found elsewhere, without reaching {place(result.about)}")
            for finding in result.elsewhere[:LISTED]:
                yield from self.item(f"{_title(finding)} ({certainty(finding.confidence)})")
        if result.recording is not None and result.recording.episodes:
            yield ""
            yield from self.heading("When each cause was there")
            for episode in result.recording.episodes[:LISTED]:
                yield from self.item(
                    f"{clock(episode.first_utc)} to {clock(episode.last_utc)}, "
                    f"{episode.parts} of {many(result.recording.parts, 'part')}: "
                    f"{episode.title}: {place(episode.scope)}"
                )
            if len(result.recording.episodes) > LISTED:
                yield from self.item("and more, which --format json lists")
        if result.refuted:
            yield ""
            yield from self.heading(f"Ruled out ({len(result.refuted)})")
            for refuted in result.refuted:
                yield from self.item(_with_number(refuted.id, refuted.reason, refuted.evidence))
        if result.unknown:
            yield ""
            yield from self.heading(f"Not decided ({len(result.unknown)})")
            for unknown in result.unknown:
                yield from self.item(_with_number(unknown.id, unknown.reason, unknown.evidence))
        for note in result.recording.notes if result.recording is not None else ():
            yield ""
            yield from self.block(f"Of the recording: {note}.", "")
        yield from self.measured(result.measured)
        yield from self.unreadable(result.unreadable)
        if result.overhead_percent is not None:
            yield ""
            yield f"Reading all this took {amount(result.overhead_percent, '%')} of one CPU."

    def headline(self, result: Check) -> Iterator[str]:
        if result.findings:
            first = result.findings[0]
            where = "" if first.scope == Scope() else f" in {place(first.scope)}"
            said = f"{escape(result.host)}: {first.title}{escape(where)} ({certainty(first.confidence)})."
            yield from self.block(said, "", style={"bold": True, "fg": "red"})
        else:
            of = "" if result.about == Scope() else f" of {escape(place(result.about))}"
            yield self.styling(f"{escape(result.host)}: no hypothesis confirmed{of}.", bold=True)
        counts = (
            many(len(result.findings), "cause"),
            f"{len(result.refuted)} ruled out",
            f"{len(result.unknown)} not decided",
        )
        yield from self.block(f"{escape(looked(result))}: {', '.join(counts)}.", "")
        if result.recording is not None:
            yield from self.block(f"{recorded(result.recording)}.", "")
        if not result.findings:
            yield from self.block(_NOT_WELL, "")

    def finding(self, number: int, finding: Finding, of: Sequence[Finding]) -> Iterator[str]:
        yield from self.block(f"{number}. {_title(finding)}", "   ", first="", style={"bold": True})
        yield from self.block(
            f"{finding.id}: {certainty(finding.confidence)}, "
            f"takes {finding.impact:.0%} of the time or work where it strikes",
            "   ",
        )
        yield from self.block(finding.mechanism, "   ")
        if finding.evidence:
            yield self.styling("   Evidence", bold=True)
            yield from self.evidence(finding.evidence, finding.scope)
        if finding.chain:
            yield from self.labelled("How it comes about", " → ".join(map(escape, finding.chain)))
        if finding.consequences:
            yield from self.labelled("Brings about", "; ".join(_consequences(finding, of)))
        if finding.victims:
            names = ", ".join(place(each) for each in finding.victims[:VICTIMS])
            more = len(finding.victims) - VICTIMS
            yield from self.labelled(
                "Suffers from it", escape(names) + (f" and {more} more" if more > 0 else "")
            )
        for time, heading in (("now", "Now"), ("for good", "For good")):
            for action in finding.actions:
                if action.when != time:
                    continue
                risk = f" Risk: {action.risk}" if action.risk else ""
                yield from self.labelled(heading, f"{action.text}{risk}")
                if action.command:
                    # Whole, because it is copied.
                    yield f"       $ {escape(action.command)}"

    def evidence(self, evidence: Sequence[Evidence], of: Scope) -> Iterator[str]:
        """A table; what does not fit the columns goes on below them. Whose it is, is said where it is not `of`."""
        values = [amount(each.value, each.unit) for each in evidence]
        rows = [
            (
                each.signal,
                # A text, such as a line of the log, has no place in a column.
                value if len(value) <= _COLUMNS[1] else "",
                "" if each.scope == of else short(place(each.scope), _COLUMNS[2]),
                when(each),
            )
            for each, value in zip(evidence, values, strict=True)
        ]
        cells = [[escape(cell) for cell in row] for row in rows]
        widths = [max(len(row[column]) for row in cells) for column in range(len(_COLUMNS))]
        for row, each, value in zip(cells, evidence, values, strict=True):
            signal, shown, where, time = row
            named = f"{where:<{widths[2]}}  " if widths[2] else ""
            line = f"     {signal:<{widths[0]}}  {shown:>{widths[1]}}  {named}{time:<{widths[3]}}"
            remarks = [] if shown else [value]
            if each.says:
                remarks.append(each.says)
            source = each.source
            if each.scope.kind == "cgroup" and len(line) + len(source) + 2 > self.width:
                # The group is named beside it, or above.
                source = source.replace(f"{each.scope.name}/", "/GROUP/")
            if len(line) + len(escape(source)) + 2 <= self.width:
                yield f"{line}  {escape(source)}".rstrip()
            else:
                yield line.rstrip()
                remarks.append(f"({source})" if remarks else source)
            if remarks:
                joined = remarks[0]
                for remark in remarks[1:]:
                    joined += f" {remark}" if remark.startswith("(") else f"; {remark}"
                yield from self.block(joined, "         ")

    def measured(self, measured: Sequence[Measured]) -> Iterator[str]:
        if not measured:
            return
        yield ""
        yield from self.heading("Measured besides")
        for each in measured:
            if each.tier is None:
                yield from self.item(f"{each.name}: not possible: {each.reason}")
                continue
            cost = f", {amount(each.cost_percent, '%')} of one CPU" if each.cost_percent is not None else ""
            lost = f", {each.lost:,} events lost" if each.lost else ""
            reason = f" ({each.reason})" if each.reason else ""
            yield from self.item(f"{each.name}: by {each.tier}{cost}{lost}{reason}")

    def unreadable(self, unreadable: Mapping[str, str]) -> Iterator[str]:
        if not unreadable:
            return
        yield ""
        yield from self.heading("Could not be read")
        said = reasons(unreadable)
        for reason in said[:UNREAD]:
            yield from self.item(reason)
        if len(said) > UNREAD:
            yield from self.item(f"and {len(said) - UNREAD} more, which --format json lists")

    def heading(self, text: str) -> Iterator[str]:
        yield from self.block(text, "", style={"bold": True})

    def labelled(self, label: str, text: str) -> Iterator[str]:
        yield from self.block(f"{label}: {text}", "     ", first="   ")

    def item(self, text: str, mark: str = "- ") -> Iterator[str]:
        yield from self.block(text, " " * (3 + len(mark)), first=f"   {mark}")

    def block(
        self, text: str, indent: str, *, first: str | None = None, style: Mapping[str, object] | None = None
    ) -> Iterator[str]:
        for line in wrap(
            escape(text),
            self.width,
            initial_indent=indent if first is None else first,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ):
            yield self.styling(line, **style) if style else line

    def styling(self, line: str, **style: object) -> str:
        return click.style(line, **style) if self.styled else line  # type: ignore[arg-type]


# The widest that the columns of evidence become: signal, value, scope, time.
_COLUMNS = (44, 24, 40, 24)


def _title(finding: Finding) -> str:
    return f"{finding.title}: {escape(place(finding.scope))}"


def _with_number(id: str, reason: str, evidence: Sequence[Evidence]) -> str:
    """A reason, with the number that decided where the reason does not say it."""
    said = f"{id}: {reason}"
    if not evidence or any(digit in reason for digit in "0123456789"):
        return said
    first = evidence[0]
    return f"{said} ({first.signal} = {amount(first.value, first.unit)})"


def _consequences(finding: Finding, of: Sequence[Finding]) -> Iterator[str]:
    ranks: dict[tuple[str, Scope], int] = {}
    for number, each in enumerate(of, 1):
        ranks.setdefault((each.id, each.scope), number)

    def said(each: Consequence) -> str:
        rank = ranks.get((each.id, each.scope))
        return f"{f'#{rank} ' if rank else ''}{each.title} ({escape(place(each.scope))})"

    yield from (said(each) for each in finding.consequences[:VICTIMS])
    if len(finding.consequences) > VICTIMS:
        yield f"{len(finding.consequences) - VICTIMS} more"
