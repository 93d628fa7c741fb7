"""Tests hypotheses against a machine: cheap signals first, then the measurements that separate the most.

All hypotheses are tested against the first samples. Those that stay open say what they would need; what
is asked for with the most suspicion for its cost is measured next, and all are tested again, until
nothing is open, nothing more can be measured, or the time is up. What a cause that is as good as proven
explains by itself counts half, and is measured only where much speaks for it. A hypothesis that is still
open in the end is unknown, with what was missing. One test that fails never stops the others.

Findings are ranked causes first. Where the question is about one cgroup or one process, what is found
elsewhere and does not reach it is told apart.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, cast

import msgspec

from kernward.collectors.sources import sources
from kernward.collectors.sources.processes import SOURCE as PROCESSES
from kernward.collectors.window import Window
from kernward.diagnosis.commands import named
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Open, Refuted, Unknown, Verdict
from kernward.diagnosis.kinship import Kinship
from kernward.diagnosis.plots import plots_of
from kernward.diagnosis.view import EVERYTHING, Focus, View
from kernward.records import check as record
from kernward.records.check import Check, Consequence, Finding, Measured, Scope, Undecided

# Measurements of one round; each has a cost, and the answer of one often makes the next one needless.
AT_ONCE = 4
# How often a source is asked for. On a busy machine other processes come to the fore in each look, and each
# look takes seconds.
MOST_LOOKS = 2
# From here on a cause counts as proven.
PROVEN = 0.9
# Beside a proven cause only a suspicion of at least this is worth another look.
WORTH_A_LOOK = 0.25
# What is left of a suspicion that a proven cause explains.
EXPLAINED = 0.5
# A cause must be at least this part as sure as what it is said to bring about, to be put before it.
AS_SURE = 0.5


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

    @property
    def confirmed(self) -> tuple[Confirmed, ...]:
        """The scopes that it strikes."""
        return tuple(each for each in self.verdicts if isinstance(each, Confirmed))


def examine(machine: Examined, hypotheses: Iterable[Hypothesis], *, focus: Focus = EVERYTHING) -> Check:
    """Test all these hypotheses; see the top of this file."""
    chosen = tuple(hypotheses)
    measured: dict[str, Measured] = {}
    asked: dict[str, set[str]] = {}
    looks: Counter[str] = Counter()
    while True:
        exhausted = {name for name, count in looks.items() if count >= MOST_LOOKS}
        view = View(machine.window(), focus=focus, measured=measured, exhausted=exhausted, final=False)
        measurements, entities = wanted(test(view, chosen), measured, asked)
        entities = {name: some for name, some in entities.items() if name not in exhausted}
        if not measurements and not entities or machine.seconds_left() <= 0:
            break
        more = machine.go_on(measurements, entities)
        # What was asked for and not answered is not asked for again.
        for name in (*measurements, *entities):
            measured[name] = more.get(name) or Measured(name=name, tier=None, reason="it cannot be had here")
        # One that was attached before may have been detached since, because it cost too much.
        measured.update({name: each for name, each in more.items() if name in measured})
        for name, some in entities.items():
            asked.setdefault(name, set()).update(some)
            looks[name] += 1
    view = View(machine.window(), focus=focus, measured=measured, final=True)
    return answer(view, test(view, chosen))


def test(view: View, hypotheses: Sequence[Hypothesis]) -> list[Tested]:
    """What each test says."""
    return [Tested(each, tuple(_verdicts(each, view))) for each in hypotheses]


def _verdicts(hypothesis: Hypothesis, view: View) -> list[Verdict]:
    found: list[Verdict] = []
    try:
        found.extend(hypothesis.test(view))
    except Exception as error:  # noqa: BLE001  one hypothesis never stops the others, and the answer says it
        reason = f"its test failed ({type(error).__name__}: {error}), a fault of kernward itself"
        return [*(each for each in found if isinstance(each, Confirmed)), Unknown(reason=reason)]
    return found or [Unknown(reason="its test gave no verdict, a fault of kernward itself")]


def wanted(
    tested: Sequence[Tested], measured: Mapping[str, Measured], asked: Mapping[str, Collection[str]]
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """What to measure next, and which sources to read: what the most suspected hypotheses ask for."""
    proven = [
        each.hypothesis for each in tested if any(found.confidence >= PROVEN for found in each.confirmed)
    ]
    explained = {id for each in proven for id in each.explains}
    worth: dict[str, float] = {}
    entities: dict[str, set[str]] = {}
    for each in tested:
        for verdict in each.verdicts:
            if not isinstance(verdict, Open):
                continue
            # What a proven cause explains may still be there for itself, elsewhere.
            suspicion = verdict.suspicion * (EXPLAINED if each.hypothesis.id in explained else 1.0)
            if proven and suspicion < WORTH_A_LOOK:
                continue
            for name in verdict.asks:
                if name not in measured:
                    worth[name] = worth.get(name, 0.0) + suspicion
            for name, some in verdict.sources:
                new = set(some).difference(asked.get(name, ()))
                # A source that could not be read for some is not tried for others.
                if new and (name not in measured or measured[name].tier is not None):
                    entities.setdefault(name, set()).update(new)
    names = sorted(worth, key=lambda name: (-worth[name], name))[:AT_ONCE]
    return names, {name: tuple(sorted(found)) for name, found in entities.items()}


def answer(view: View, tested: Sequence[Tested]) -> Check:
    """The verdicts as the record that is printed."""
    window = view.window
    last = window.last
    cost_s = sum(each.cost_s or 0.0 for each in window.samples)
    kinship = Kinship(window)
    about = _about(view)
    findings: list[Finding] = []
    elsewhere: list[Finding] = []
    for finding in ranked(tested, kinship):
        if not finding.plots:
            finding = msgspec.structs.replace(finding, plots=plots_of(window, finding.evidence))
        finding = msgspec.structs.replace(finding, actions=named(finding, window))
        reaches = kinship.any_related(about, (finding.scope, *finding.victims))
        (findings if reaches else elsewhere).append(finding)
    hidden = view.hidden_tasks
    refuted: list[record.Refuted] = []
    unknown: list[Undecided] = []
    for hypothesis, verdict in _unconfirmed(tested):
        if isinstance(verdict, Refuted) and not (hidden and _needs_processes(hypothesis, verdict)):
            refuted.append(
                record.Refuted(
                    id=hypothesis.id,
                    title=hypothesis.title,
                    reason=verdict.reason,
                    evidence=verdict.evidence,
                )
            )
            continue
        reason = verdict.reason
        if isinstance(verdict, Refuted) and hidden:
            reason = f"only {hidden[0]} of {hidden[1]} tasks can be seen; of those: {reason}"
        unknown.append(
            Undecided(id=hypothesis.id, title=hypothesis.title, reason=reason, evidence=verdict.evidence)
        )
    return Check(
        host=last.host,
        kernel=last.kernel,
        boot_id=last.boot_id,
        at_utc=last.at_utc,
        seconds=round(last.at_s - window.first.at_s, 3),
        about=about,
        findings=tuple(findings),
        elsewhere=tuple(elsewhere),
        refuted=tuple(refuted),
        unknown=tuple(unknown),
        measured=tuple(view.measured[name] for name in sorted(view.measured) if name not in sources()),
        unreadable={**last.absent, **last.missing, **_hidden(view)},
        overhead_percent=None if window.since_boot else round(100 * cost_s / (window.seconds or 1.0), 2),
    )


def _hidden(view: View) -> dict[str, str]:
    if view.hidden_tasks is None:
        return {}
    seen, tasks = view.hidden_tasks
    return {
        "/proc/PID": f"only {seen} of {tasks} tasks are shown to whoever looked (hidepid, a pid namespace, "
        "a recording of the busiest)"
    }


def _needs_processes(hypothesis: Hypothesis, verdict: Refuted) -> bool:
    """Whether what speaks against it was read of processes, so that others might speak for it."""
    signals = verdict.evidence or hypothesis.signals
    names = {(each.signal if isinstance(each, record.Evidence) else each.name) for each in signals}
    known = sources()
    of = [known[name] for name in {each.partition(".")[0] for each in names} if name in known]
    return any(each.scope == "process" for each in of)


def _about(view: View) -> Scope:
    if view.focus.pid is not None:
        process = view.window.each(PROCESSES).get(str(view.focus.pid))
        return Scope("process", f"{process.comm if process else ''}[{view.focus.pid}]")
    return Scope("cgroup", view.focus.cgroup) if view.focus.cgroup is not None else Scope()


def _unconfirmed(tested: Sequence[Tested]) -> Iterator[tuple[Hypothesis, Refuted | Unknown | Open]]:
    """The first verdict of each hypothesis that was confirmed of nothing."""
    for each in tested:
        if not each.confirmed:
            yield each.hypothesis, cast(Refuted | Unknown | Open, each.verdicts[0])


def ranked(tested: Sequence[Tested], kinship: Kinship) -> tuple[Finding, ...]:
    """Findings, causes before what they bring about, then by how sure and how heavy they are."""
    confirmed = [(each.hypothesis, verdict) for each in tested for verdict in each.confirmed]
    caused = _caused(confirmed, kinship)
    depth = _depths(caused)

    def place(number: int) -> tuple[int, float, str, str]:
        hypothesis, verdict = confirmed[number]
        return depth[number], -weight(verdict), hypothesis.id, verdict.scope.name

    return tuple(
        _finding(*confirmed[number], [confirmed[other] for other in caused[number]])
        for number in sorted(range(len(confirmed)), key=place)
    )


def weight(verdict: Confirmed) -> float:
    """How much is lost to it, as far as it is sure."""
    return verdict.confidence * min(max(verdict.impact, 0.0), 1.0)


def _caused(confirmed: Sequence[tuple[Hypothesis, Confirmed]], kinship: Kinship) -> list[list[int]]:
    """For each confirmed cause those that it brings about, by number."""
    by_id: dict[str, list[int]] = {}
    for number, (hypothesis, _) in enumerate(confirmed):
        by_id.setdefault(hypothesis.id, []).append(number)
    found: list[list[int]] = []
    for hypothesis, verdict in confirmed:
        found.append(
            [
                other
                for id in dict.fromkeys(hypothesis.explains)
                for other in by_id.get(id, ())
                if id != hypothesis.id
                and hypothesis.id not in confirmed[other][0].explains
                and _reaches(hypothesis, verdict, confirmed[other][1], kinship)
            ]
        )
    return found


def _reaches(hypothesis: Hypothesis, cause: Confirmed, consequence: Confirmed, kinship: Kinship) -> bool:
    """Whether this cause can have brought about that consequence, where it strikes.

    A cause that acts through devices or interfaces, those that its own evidence names or those that are
    swapped to, reaches those only: a swap storm on vda does not make vdb slow.
    """
    if cause.confidence < AS_SURE * consequence.confidence:
        return False
    where = consequence.scope
    if where.kind in ("device", "interface"):
        through = tuple(each.scope for each in cause.evidence if each.scope.kind == where.kind)
        if not through and where.kind == "device" and _swaps(hypothesis):
            through = kinship.swap_devices or ()
        if through:
            return kinship.any_related(where, through)
    return kinship.any_related(where, (cause.scope, *cause.victims))


def _swaps(hypothesis: Hypothesis) -> bool:
    """Whether what tells of this cause first is swapping."""
    return bool(hypothesis.signals) and hypothesis.signals[0].name.startswith(("vmstat.pswp", "swaps."))


def _depths(caused: Sequence[Sequence[int]]) -> list[int]:
    """How many causes stand above each, on the longest way; a circle is cut where it closes."""
    causes: list[list[int]] = [[] for _ in caused]
    for number, others in enumerate(caused):
        for other in others:
            causes[other].append(number)
    known: dict[int, int] = {}

    def depth(number: int, below: frozenset[int]) -> int:
        if number not in known:
            above = [depth(each, below | {number}) for each in causes[number] if each not in below]
            known[number] = 1 + max(above, default=-1)
        return known[number]

    return [depth(number, frozenset((number,))) for number in range(len(caused))]


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
