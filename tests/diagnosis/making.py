"""Samples, windows and hypotheses made for a test."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from kernward.collectors.sample import Sample
from kernward.collectors.window import Window
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Verdict
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Measured, Scope

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def sample(at_s: float = 100.0, *, asked: Mapping[str, tuple[str, ...]] | None = None, **read: Any) -> Sample:
    """A sample that holds these sources."""
    return Sample(
        host="web-1",
        boot_id="b",
        kernel="6.12.0",
        at_utc=BEGAN + timedelta(seconds=at_s),
        at_s=at_s,
        read=read,
        read_at_s=dict.fromkeys(read, at_s),
        asked=asked or {},
    )


def hypothesis(
    id: str, test: Callable[[View], Iterable[Verdict]], *, explains: Sequence[str] = (), **more: Any
) -> Hypothesis:
    """A hypothesis of which only the test matters."""
    fields: dict[str, Any] = {
        "title": id.capitalize(),
        "group": "cpu",
        "claim": "",
        "signals": (),
        "thresholds": (),
        "rivals": (),
        "mechanism": "",
        "actions": (Action("now", "Look.", "none"),),
    }
    return Hypothesis(id=id, test=test, explains=tuple(explains), **{**fields, **more})


def confirmed(
    scope: Scope | None = None, confidence: float = 0.8, impact: float = 0.5, **more: Any
) -> Confirmed:
    """A confirmation."""
    fields: dict[str, Any] = {"mechanism": "", "evidence": (), **more}
    return Confirmed(scope=scope or Scope(), confidence=confidence, impact=impact, **fields)


def says(*verdicts: Verdict) -> Callable[[View], Iterable[Verdict]]:
    """A test that always says this."""
    return lambda view: verdicts


def evidence(signal: str, scope: Scope | None = None, value: float = 1) -> Evidence:
    """A piece of evidence."""
    return Evidence(
        signal=signal, value=value, unit="", source="/proc/x", at_utc=BEGAN, scope=scope or Scope()
    )


class Machine:
    """A machine to be examined that is asked, answers as told, and remembers what it was asked for."""

    def __init__(
        self, *samples: Sample, answers: Mapping[str, Measured] | None = None, rounds: int = 9
    ) -> None:
        self._samples = samples or (sample(100.0), sample(106.0))
        self._answers = answers or {}
        self._rounds = rounds
        self.asked: list[tuple[tuple[str, ...], dict[str, tuple[str, ...]]]] = []

    def window(self) -> Window:
        return Window(self._samples)

    def go_on(
        self, measurements: Sequence[str], sources: Mapping[str, Sequence[str]]
    ) -> Mapping[str, Measured]:
        self.asked.append((tuple(measurements), {name: tuple(some) for name, some in sources.items()}))
        return {name: self._answers[name] for name in (*measurements, *sources) if name in self._answers}

    def seconds_left(self) -> float:
        return float(self._rounds - len(self.asked))
