"""Tests hypotheses against a recording: finds its worst part, and says when else a cause was there.

A trouble of one minute disappears in the averages of a day, and a leak does not show in a minute. So a
long recording is tested part by part and as a whole, and the answer is about the part in which the most was
lost, together with what only the whole shows.
"""

from collections.abc import Iterable, Sequence

import msgspec

from kernward.collectors.recorded import Recorded, parts, thinned
from kernward.collectors.sample import Sample
from kernward.collectors.window import Window
from kernward.diagnosis.engine import Tested, answer, examine, test, weight
from kernward.diagnosis.hypothesis import Hypothesis, Verdict
from kernward.diagnosis.view import EVERYTHING, Focus, View
from kernward.records.check import Check, Episode, Recording, Scope

MOST_EPISODES = 200


def examine_recording(
    samples: Sequence[Sample],
    hypotheses: Iterable[Hypothesis],
    *,
    source: str,
    focus: Focus = EVERYTHING,
    notes: Sequence[str] = (),
) -> Check:
    """Test all these hypotheses against these samples, which may be of several boots."""
    chosen = tuple(hypotheses)
    cut = list(parts(samples))
    recording = Recording(
        source=source,
        first_utc=samples[0].at_utc,
        last_utc=samples[-1].at_utc,
        samples=len(samples),
        parts=len(cut),
        notes=tuple(notes),
    )
    if len(cut) == 1:
        check = examine(Recorded(cut[0]), chosen, focus=focus)
        return msgspec.structs.replace(check, recording=recording)
    looks = [(part, test(_view(part, chosen, focus), chosen)) for part in cut]
    # Of equally bad ones the latest, which is the one that somebody remembers.
    part, tested = max(reversed(looks), key=lambda look: _badness(look[1]))
    whole = test(_view(thinned(samples), chosen, focus), chosen)
    check = answer(_view(part, chosen, focus), [_joined(*each) for each in zip(tested, whole, strict=True)])
    return msgspec.structs.replace(
        check,
        recording=msgspec.structs.replace(
            recording,
            worst=(part[0].at_utc, part[-1].at_utc) if _badness(tested) else None,
            episodes=_episodes(looks),
        ),
    )


def _view(samples: Sequence[Sample], hypotheses: Sequence[Hypothesis], focus: Focus) -> View:
    machine = Recorded(samples)
    asked = {name for each in hypotheses for name in each.asks}
    held = {name for each in samples for name in each.read}
    return View(Window(samples), focus=focus, measured=machine.go_on(sorted(asked | held), {}), final=True)


def _badness(tested: Iterable[Tested]) -> float:
    """How much is lost to all causes together."""
    return sum(max((weight(each) for each in found.confirmed), default=0.0) for found in tested)


def _joined(part: Tested, whole: Tested) -> Tested:
    """What the part shows, and besides it what only the whole time shows."""
    verdicts: dict[Scope, Verdict] = {each.scope: each for each in (*whole.confirmed, *part.confirmed)}
    return Tested(part.hypothesis, tuple(verdicts.values())) if verdicts else whole


def _episodes(looks: Sequence[tuple[Sequence[Sample], Sequence[Tested]]]) -> tuple[Episode, ...]:
    found: dict[tuple[str, Scope], Episode] = {}
    for part, tested in looks:
        for each in tested:
            for verdict in each.confirmed:
                key = (each.hypothesis.id, verdict.scope)
                before = found.get(key)
                if before is None and len(found) >= MOST_EPISODES:
                    continue
                found[key] = Episode(
                    id=each.hypothesis.id,
                    title=each.hypothesis.title,
                    scope=verdict.scope,
                    first_utc=before.first_utc if before else part[0].at_utc,
                    last_utc=part[-1].at_utc,
                    parts=(before.parts if before else 0) + 1,
                )
    return tuple(sorted(found.values(), key=lambda each: (-each.parts, each.first_utc, each.id)))
