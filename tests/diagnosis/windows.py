"""Windows made by hand: what a machine would have been read to say, one reading after the other."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from kernward.collectors.sample import Sample
from kernward.collectors.source import AnySource
from kernward.collectors.window import Window
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Verdict
from kernward.diagnosis.view import EVERYTHING, Focus, View
from kernward.records.check import Measured

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
START_S = 5000.0

Reading = Mapping[AnySource, Any]


def window(*readings: Reading, every_s: float = 1.0, absent: Mapping[AnySource, str] | None = None) -> Window:
    """One sample for each reading: by source, a record or a record for each entity."""
    samples = []
    for number, reading in enumerate(readings):
        at_s = START_S + number * every_s
        samples.append(
            Sample(
                host="db-07",
                boot_id="b0070000-0000-4000-8000-000000000001",
                kernel="6.12.48-amd64",
                at_utc=START + timedelta(seconds=number * every_s),
                at_s=at_s,
                read={source.name: records for source, records in reading.items()},
                read_at_s={source.name: at_s for source in reading},
                absent={source.name: reason for source, reason in (absent or {}).items()},
                cost_s=0.01,
            )
        )
    return Window(samples)


def view(
    *readings: Reading,
    every_s: float = 1.0,
    absent: Mapping[AnySource, str] | None = None,
    measured: Sequence[str] = (),
    final: bool = True,
    focus: Focus = EVERYTHING,
) -> View:
    """The view of such a window; `measured` names measurements that were made."""
    return View(
        window(*readings, every_s=every_s, absent=absent),
        focus=focus,
        measured={name: Measured(name=name, tier="tp_btf") for name in measured},
        final=final,
    )


def verdicts(hypothesis: Hypothesis, seen: View) -> list[Verdict]:
    """All that the test says."""
    return list(hypothesis.test(seen))


def verdict(hypothesis: Hypothesis, seen: View) -> Verdict:
    """What the test says, where it says one thing."""
    (only,) = hypothesis.test(seen)
    return only


def confirmed(hypothesis: Hypothesis, seen: View) -> Confirmed:
    """The only verdict, which must be that it is confirmed."""
    only = verdict(hypothesis, seen)
    assert isinstance(only, Confirmed), only
    return only
