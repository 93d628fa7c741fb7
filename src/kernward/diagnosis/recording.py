"""Tests hypotheses against a recording: finds its worst part, and says when else a cause was there.

A trouble of one minute disappears in the averages of a day, and a leak does not show in a minute. So a
long recording is tested part by part and as a whole, and the answer is about the part in which the most was
lost, together with what only the whole shows.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kernward.collectors.recorded import Recorded, Thinned, parts
from kernward.collectors.sample import Sample
from kernward.collectors.window import Window
from kernward.diagnosis.engine import Tested, answer, examine, test, weight
from kernward.diagnosis.hypothesis import Hypothesis, Verdict
from kernward.diagnosis.view import EVERYTHING, Focus, View
from kernward.records.check import Check, Episode, Recording, Scope
from kernward.records.errors import InputError

MOST_EPISODES = 200


def examine_recording(
    samples: Iterable[Sample],
    hypotheses: Iterable[Hypothesis],
    *,
    source: str,
    span_s: float,
    focus: Focus = EVERYTHING,
    notes: Sequence[str] = (),
) -> Check:
    """Test all these hypotheses against these samples, which may be of several boots.

    They go by one time, and are about `span_s` long together. Raises InputError where there are none.
    """
    chosen = tuple(hypotheses)
    told = _Told()
    whole = Thinned()
    looks = 0
    worst: tuple[float, tuple[Sample, ...], list[Tested]] | None = None
    for part in parts(told.of(samples, whole), span_s):
        looks += 1
        if looks == 1:
            first_part = part
            continue  # the only part, if no other follows, is looked at as a running machine is
        for each in (first_part, part) if looks == 2 else (part,):
            tested = test(_view(each, chosen, focus), chosen)
            told.episodes(each, tested)
            badness = _badness(tested)
            # Of equally bad ones the latest, which is the one that somebody remembers.
            if worst is None or badness >= worst[0]:
                worst = badness, each, tested
    recording = told.recording(source, looks, notes)
    if worst is None:
        check = examine(Recorded(first_part), chosen, focus=focus)
        return msgspec.structs.replace(check, recording=recording)
    badness, part, tested = worst
    over_all = test(_view(whole.samples, chosen, focus), chosen)
    joined = [_joined(*each) for each in zip(tested, over_all, strict=True)]
    return msgspec.structs.replace(
        answer(_view(part, chosen, focus), joined),
        recording=msgspec.structs.replace(
            recording, worst=(part[0].at_utc, part[-1].at_utc) if badness else None
        ),
    )


class _Told:
    """What is told of a recording, gathered while it goes by."""

    def __init__(self) -> None:
        self._first: Sample | None = None
        self._last: Sample | None = None
        self._samples = 0
        self._episodes: dict[tuple[str, Scope], Episode] = {}

    def of(self, samples: Iterable[Sample], whole: Thinned) -> Iterator[Sample]:
        """The samples, unchanged."""
        for each in samples:
            self._first = self._first or each
            self._last = each
            self._samples += 1
            whole.add(each)
            yield each

    def episodes(self, part: Sequence[Sample], tested: Iterable[Tested]) -> None:
        """What a part confirmed."""
        for each in tested:
            for verdict in each.confirmed:
                key = (each.hypothesis.id, verdict.scope)
                before = self._episodes.get(key)
                if before is None and len(self._episodes) >= MOST_EPISODES:
                    continue
                self._episodes[key] = Episode(
                    id=each.hypothesis.id,
                    title=each.hypothesis.title,
                    scope=verdict.scope,
                    first_utc=before.first_utc if before else part[0].at_utc,
                    last_utc=part[-1].at_utc,
                    parts=(before.parts if before else 0) + 1,
                )

    def recording(self, source: str, looks: int, notes: Sequence[str]) -> Recording:
        """All of it."""
        if self._first is None or self._last is None:
            raise InputError(f"{source}: it holds no sample")
        return Recording(
            source=source,
            first_utc=self._first.at_utc,
            last_utc=self._last.at_utc,
            samples=self._samples,
            parts=looks,
            episodes=tuple(
                sorted(self._episodes.values(), key=lambda each: (-each.parts, each.first_utc, each.id))
            ),
            notes=tuple(notes),
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
