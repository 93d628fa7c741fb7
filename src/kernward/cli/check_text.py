"""A check as text that a person on call can paste into an incident.

The first line names the cause and where it strikes. Everything that comes from the machine has its control
characters shown by number.
"""

from collections.abc import Iterator
from textwrap import wrap

from kernward.cli.terminal import escape
from kernward.cli.wording import moment
from kernward.records.check import Check, Evidence, Finding, Scope

WIDTH = 100


def lines(result: Check) -> Iterator[str]:
    """The lines of the answer."""
    for line in _lines(result):
        yield escape(line)


def _lines(result: Check) -> Iterator[str]:
    if result.findings:
        first = result.findings[0]
        yield f"{result.host}: {first.title}, {place(first.scope)}."
        for number, finding in enumerate(result.findings, 1):
            yield ""
            yield from _finding(number, finding)
    else:
        yield f"{result.host}: no hypothesis confirmed."
    if result.refuted:
        yield ""
        yield f"Ruled out ({len(result.refuted)}):"
        for each in result.refuted:
            yield from _item(f"{each.id}: {each.reason}")
    if result.unknown:
        yield ""
        yield f"Not decided ({len(result.unknown)}):"
        for other in result.unknown:
            yield from _item(f"{other.id}: {other.reason}")
    yield ""
    yield f"Looked at for {result.seconds:g} s until {moment(result.at_utc)} UTC, kernel {result.kernel}."


def place(scope: Scope) -> str:
    """Where, in words."""
    if scope.kind == "host":
        return "the whole machine"
    return f"{'file system' if scope.kind == 'filesystem' else scope.kind} {scope.name}"


def _finding(number: int, finding: Finding) -> Iterator[str]:
    yield f"{number}. {finding.title}: {place(finding.scope)}"
    yield f"   {finding.id}, confidence {finding.confidence:.0%}"
    yield from _block(finding.mechanism)
    yield "   Evidence:"
    for each in finding.evidence:
        yield from _item(_evidence(each))
    if finding.chain:
        yield from _block("Chain: " + " -> ".join(finding.chain))
    for consequence in finding.consequences:
        yield from _block(f"Brings about: {consequence.title}, {place(consequence.scope)}.")
    for victim in finding.victims:
        yield from _block(f"Suffers: {place(victim)}.")
    for action in finding.actions:
        yield from _item(f"{action.when}: {action.text} Risk: {action.risk}")
        if action.command:
            yield f"       {action.command}"


def _evidence(each: Evidence) -> str:
    unit = f" {each.unit}" if each.unit else ""
    over = f" in {each.window_s:g} s" if each.window_s else ""
    says = f": {each.says}" if each.says else ""
    return f"{each.signal} = {each.value}{unit}{over} ({place(each.scope)}, {each.source}){says}"


def _block(text: str) -> Iterator[str]:
    yield from wrap(text, WIDTH, initial_indent="   ", subsequent_indent="   ")


def _item(text: str) -> Iterator[str]:
    yield from wrap(text, WIDTH, initial_indent="   - ", subsequent_indent="     ")
