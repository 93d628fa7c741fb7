"""Tests hypotheses against a machine: cheap signals first, then the measurements that separate the most.

All hypotheses are tested against the first samples. Those that stay open say what they would need; what
is asked for with the most suspicion for its cost is measured next, and all are tested again, until
nothing is open, nothing more can be measured, or the time is up. A hypothesis that is still open then is
unknown, with what was missing. One test that fails never stops the others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, cast

import msgspec

from kernward.collectors.window import Window
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Open, Refuted, Unknown, Verdict
from kernward.diagnosis.view import EVERYTHING, Focus, View
from kernward.records import check as record
from kernward.records.check import Check, Consequence, Finding, Measured, Undecided

# Measurements of one round; each has a cost, and the answer of one often makes the next one needless.
AT_ONCE = 4


class Examined(Protocol):
    """A machine, or what was recorded of one."""

    def window(self) -> Window:
        """What was read up to now."""
        ...

    def go_on(
        self, measurements: Sequence[str], sources: Mapping[str, Sequence[str]]
    ) -> Mapping[str, Measured]:
        """Observe for a while longer, with these measurements attached and these sources read besides.

        Returns what became of each of both by name; empty when nothing more can be had.
        """
        ...

    def seconds_left(self) -> float:
        """How much longer it may take."""
        ...


class Tested(msgspec.Struct, frozen=True):
    """A hypothesis and what its test said."""

    hypothesis: Hypothesis
    verdicts: tuple[Verdict, ...]


def examine(machine: Examined, hypotheses: Iterable[Hypothesis], *, focus: Focus = EVERYTHING) -> Check:
    """Test all these hypotheses; see the top of this file."""
    chosen = tuple(hypotheses)
    measured: dict[str, Measured] = {}
    while True:
        tested = test(View(machine.window(), focus=focus, measured=measured, final=False), chosen)
        measurements, sources = wanted(tested, measured)
        if not measurements and not sources or machine.seconds_left() <= 0:
            break
        more = machine.go_on(measurements, sources)
        # What was asked for and not answered is not asked for again.
        for name in (*measurements, *sources):
            measured[name] = more.get(name) or Measured(name=name, tier=None, reason="it cannot be had here")
    view = View(machine.window(), focus=focus, measured=measured, final=True)
    return answer(view, test(view, chosen))


def test(view: View, hypotheses: Sequence[Hypothesis]) -> list[Tested]:
    """What each test says."""
    return [Tested(each, _verdicts(each, view)) for each in hypotheses]


def _verdicts(hypothesis: Hypothesis, view: View) -> tuple[Verdict, ...]:
    try:
        found = tuple(hypothesis.test(view))
    except Exception as error:  # noqa: BLE001  one hypothesis never stops the others, and the answer says it
        return (
            Unknown(reason=f"its test failed ({type(error).__name__}: {error}), a fault of kernward itself"),
        )
    return found or (Unknown(reason="its test gave no verdict, a fault of kernward itself"),)


def wanted(
    tested: Iterable[Tested], measured: Mapping[str, Measured]
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """What to measure next, and which sources to read: what the most suspected hypotheses ask for."""
    worth: dict[str, float] = {}
    sources: dict[str, set[str]] = {}
    for each in tested:
        for verdict in each.verdicts:
            if not isinstance(verdict, Open):
                continue
            for name in verdict.asks:
                if name not in measured:
                    worth[name] = worth.get(name, 0.0) + verdict.suspicion
            for name, entities in verdict.sources:
                if name not in measured:
                    sources.setdefault(name, set()).update(entities)
    names = sorted(worth, key=lambda name: (-worth[name], name))[:AT_ONCE]
    return names, {name: tuple(sorted(found)) for name, found in sources.items()}


def answer(view: View, tested: Sequence[Tested]) -> Check:
    """The verdicts as the record that is printed."""
    last, first = view.window.last, view.window.first
    cost_s = sum(each.cost_s or 0.0 for each in view.window.samples)
    return Check(
        host=last.host,
        kernel=last.kernel,
        boot_id=last.boot_id,
        at_utc=last.at_utc,
        seconds=round(last.at_s - first.at_s, 3),
        findings=ranked(tested),
        refuted=tuple(
            record.Refuted(id=each.id, title=each.title, reason=verdict.reason, evidence=verdict.evidence)
            for each, verdict in _unconfirmed(tested)
            if isinstance(verdict, Refuted)
        ),
        unknown=tuple(
            Undecided(id=each.id, title=each.title, reason=verdict.reason, evidence=verdict.evidence)
            for each, verdict in _unconfirmed(tested)
            if not isinstance(verdict, Refuted)
        ),
        measured=tuple(view.measured[name] for name in sorted(view.measured)),
        unreadable={**last.absent, **last.missing},
        overhead_percent=round(100 * cost_s / view.window.seconds, 2)
        if len(view.window.samples) > 1
        else None,
    )


def _unconfirmed(tested: Sequence[Tested]) -> Iterator[tuple[Hypothesis, Refuted | Unknown | Open]]:
    """The first verdict of each hypothesis that was confirmed of nothing."""
    for each in tested:
        if not any(isinstance(verdict, Confirmed) for verdict in each.verdicts):
            yield each.hypothesis, cast(Refuted | Unknown | Open, each.verdicts[0])


def ranked(tested: Sequence[Tested]) -> tuple[Finding, ...]:
    """Findings, causes before what they bring about, then by how sure and how heavy they are."""
    confirmed = [
        (each.hypothesis, verdict)
        for each in tested
        for verdict in each.verdicts
        if isinstance(verdict, Confirmed)
    ]
    caused: dict[int, list[int]] = {}
    for number, (hypothesis, _) in enumerate(confirmed):
        caused[number] = [
            other
            for other, (theirs, consequence) in enumerate(confirmed)
            if other != number and theirs.id in hypothesis.explains and hypothesis.id not in theirs.explains
        ]
    consequences = {other for others in caused.values() for other in others}
    order = sorted(
        range(len(confirmed)),
        key=lambda number: (
            number in consequences,
            -confirmed[number][1].confidence * confirmed[number][1].impact,
            confirmed[number][0].id,
            confirmed[number][1].scope.name,
        ),
    )
    return tuple(
        _finding(*confirmed[number], [confirmed[other] for other in caused[number]]) for number in order
    )


def _finding(
    hypothesis: Hypothesis, verdict: Confirmed, caused: Sequence[tuple[Hypothesis, Confirmed]]
) -> Finding:
    return Finding(
        id=hypothesis.id,
        title=hypothesis.title,
        confidence=round(verdict.confidence, 2),
        impact=round(min(max(verdict.impact, 0.0), 1.0), 3),
        scope=verdict.scope,
        mechanism=verdict.mechanism,
        evidence=verdict.evidence,
        actions=hypothesis.actions,
        chain=verdict.chain,
        consequences=tuple(Consequence(theirs.id, theirs.title, other.scope) for theirs, other in caused),
        victims=verdict.victims,
        plots=verdict.plots,
    )
