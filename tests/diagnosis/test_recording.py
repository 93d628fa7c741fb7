"""A recording: the worst of its parts is named, and what only the whole shows is not lost."""

import pytest

from kernward.collectors.sources.loadavg import SOURCE as LOADAVG
from kernward.collectors.sources.loadavg import Loadavg
from kernward.diagnosis.hypothesis import Refuted
from kernward.diagnosis.recording import examine_recording
from kernward.records.check import Scope
from kernward.records.errors import InputError
from tests.diagnosis.making import confirmed, hypothesis, sample

# An hour at 5 s; from 30 to 32 minutes the load is 50.
HOUR = [
    sample(1000.0 + 5 * number, loadavg=Loadavg(load_1m=50.0 if 360 <= number <= 384 else 1.0))
    for number in range(721)
]


def overloaded(view):
    highest = max(each.of(LOADAVG).load_1m for each in view.window.samples)
    if highest > 10:
        yield confirmed(impact=highest / 100)
    else:
        yield Refuted(reason="the load is low")


def leaking(view):
    if view.window.seconds > 1800:
        yield confirmed(Scope("process", "app[7]"), 0.7, 0.2)
    else:
        yield Refuted(reason="it does not grow")


def test_the_worst_part_is_named_and_what_only_the_whole_shows_is_there() -> None:
    check = examine_recording(
        HOUR,
        [hypothesis("leak", leaking), hypothesis("overload", overloaded)],
        source="a.snap",
        span_s=3600.0,
    )
    assert [each.id for each in check.findings] == ["overload", "leak"]
    recording = check.recording
    assert recording is not None
    assert recording.parts > 40
    assert recording.worst is not None
    begin, end = recording.worst
    assert HOUR[350].at_utc <= begin < end <= HOUR[396].at_utc
    assert check.at_utc == end
    (episode,) = recording.episodes
    assert episode.id == "overload"
    assert 2 <= episode.parts <= 4
    assert episode.first_utc <= HOUR[360].at_utc


def test_a_healthy_recording_has_no_worst_part() -> None:
    check = examine_recording(
        HOUR[:300], [hypothesis("overload", overloaded)], source="a.snap", span_s=3600.0
    )
    assert check.findings == ()
    assert check.recording is not None
    assert check.recording.worst is None
    assert [each.reason for each in check.refuted] == ["the load is low"]


def test_a_short_recording_is_looked_at_as_a_whole() -> None:
    check = examine_recording(
        HOUR[360:366], [hypothesis("overload", overloaded)], source="a.snap", span_s=25.0
    )
    assert [each.id for each in check.findings] == ["overload"]
    assert check.recording is not None
    assert check.recording.parts == 1
    assert check.seconds == 25.0


def test_one_sample_counts_since_boot() -> None:
    check = examine_recording(HOUR[:1], [hypothesis("overload", overloaded)], source="a.snap", span_s=3600.0)
    assert check.seconds == 0.0
    assert check.overhead_percent is None


def test_a_recording_of_nothing_is_refused() -> None:
    with pytest.raises(InputError):
        examine_recording([], [], source="a.snap", span_s=0.0)
