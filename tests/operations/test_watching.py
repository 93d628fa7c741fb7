"""Overviews by time: followed live, gone back through, and read from a recording across its gaps."""

from datetime import timedelta
from pathlib import Path

import pytest

from kernward.operations import watching
from kernward.operations.overview import NEEDED
from kernward.operations.recording import Recorder
from kernward.operations.watching import Live, Timeline
from kernward.records.errors import InputError
from kernward.store.sample_compaction import compact
from tests.operations.test_overview import START, sample
from tests.operations.test_recording import Made

STEP_BACK, STEP_ON = timedelta(microseconds=-1), timedelta(microseconds=1)


def frame(at_s: float):
    return watching.overview(sample(at_s - 2), sample(at_s))


def recorded(home: Path, *stretches: tuple[float, int]) -> None:
    """Samples 5 s apart: where each stretch begins, and how many."""
    known = {each.name: each for each in NEEDED if each.name in ("loadavg", "stat")}
    for begins_s, count in stretches:
        clock = Made()
        one = Recorder(home, clock=clock, known=known, compact=lambda home: None)
        for number in range(count):
            clock.at_s = begins_s + 5 * number
            one.once()
        one.close()


def test_what_comes_in_is_shown_until_one_goes_back(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path)
    for at_s in (10, 12, 14):
        timeline.add(frame(at_s))
    assert timeline.now.at_utc == START + timedelta(seconds=14)
    timeline.go(STEP_BACK)
    timeline.add(frame(16))
    assert timeline.now.at_utc == START + timedelta(seconds=12)
    assert not timeline.following
    timeline.go(STEP_ON)
    assert timeline.now.at_utc == START + timedelta(seconds=14)
    timeline.follow()
    assert timeline.now.at_utc == START + timedelta(seconds=16)


def test_a_minute_back_is_a_minute_back(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path)
    for at_s in range(0, 200, 2):
        timeline.add(frame(at_s))
    timeline.go(timedelta(minutes=-1))
    assert timeline.now.at_utc == START + timedelta(seconds=138)


def test_without_a_recording_the_begin_is_where_looking_began(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path)
    timeline.add(frame(10))
    timeline.go(timedelta(hours=-1))
    assert timeline.now.at_utc == START + timedelta(seconds=10)
    assert "no recording" in timeline.notes[0]


@pytest.mark.parametrize("compacted", [False, True])
def test_a_recording_is_gone_through_across_its_gaps(tmp_path: Path, compacted: bool) -> None:
    recorded(tmp_path, (1000.0, 4), (9000.0, 3))
    if compacted:
        compact(tmp_path)
    timeline = Timeline(tmp_path)
    timeline.start_at(START)
    times = []
    while not times or times[-1] != timeline.now.at_utc:
        times.append(timeline.now.at_utc)
        timeline.go(STEP_ON)
    # The first sample of a stretch has nothing before it to be compared with.
    assert [round((each - START).total_seconds()) for each in times] == [1005, 1010, 1015, 9005, 9010]
    for _ in range(2):
        timeline.go(STEP_BACK)
    assert round((timeline.now.at_utc - START).total_seconds()) == 1015
    # An hour before the end nothing was recorded: what was, before that.
    timeline.go(STEP_ON)
    timeline.go(timedelta(hours=-1))
    assert round((timeline.now.at_utc - START).total_seconds()) == 1015
    assert timeline.now.recorded


def test_a_time_after_everything_is_one_sentence(tmp_path: Path) -> None:
    recorded(tmp_path, (1000.0, 4))
    with pytest.raises(InputError, match="nothing was recorded from"):
        Timeline(tmp_path).start_at(START + timedelta(days=9))
    with pytest.raises(InputError, match="no recording of db9"):
        Timeline(tmp_path, "db9").start_at_end()


def test_the_latest_of_a_recording_is_shown(tmp_path: Path) -> None:
    recorded(tmp_path, (1000.0, 4))
    timeline = Timeline(tmp_path)
    timeline.start_at_end()
    assert round((timeline.now.at_utc - START).total_seconds()) == 1015


def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_KEPT", 10)
    timeline = Timeline(tmp_path)
    for at_s in range(50):
        timeline.add(frame(at_s))
    assert len(timeline._live) == 10
    timeline.go(STEP_BACK)
    looked_at = timeline.now
    for at_s in range(50, 55):
        timeline.add(frame(at_s))
    assert timeline.now == looked_at


def test_an_hour_back_reads_only_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(tmp_path, *((1000.0 + 600 * number, 3) for number in range(20)))
    timeline = Timeline(tmp_path)
    timeline.start_at_end()
    reads: list[None] = []
    read = timeline._read
    monkeypatch.setattr(timeline, "_read", lambda *span: reads.append(None) or read(*span))
    timeline.go(timedelta(hours=-1))
    assert round((timeline.now.at_utc - START).total_seconds()) == 1000 + 600 * 13 + 10
    assert len(reads) <= 3
    for _ in range(30):
        timeline.go(STEP_ON)
    assert round((timeline.now.at_utc - START).total_seconds()) == 1000 + 600 * 19 + 10


def test_from_a_recording_one_comes_back_to_what_was_seen_live(tmp_path: Path) -> None:
    recorded(tmp_path, (1000.0, 4))
    timeline = Timeline(tmp_path)
    for at_s in (1012, 1014, 1016):
        timeline.add(frame(at_s))
    times = []
    for _ in range(4):
        timeline.go(STEP_BACK)
        times.append(round((timeline.now.at_utc - START).total_seconds()))
    for _ in range(4):
        timeline.go(STEP_ON)
        times.append(round((timeline.now.at_utc - START).total_seconds()))
    assert times == [1014, 1012, 1010, 1005, 1010, 1012, 1014, 1016]
    timeline.go(STEP_ON)
    assert timeline.following


def test_this_machine_is_looked_at() -> None:
    live = Live()
    assert live.look().seconds is None
    found = live.look()
    assert found.seconds is not None
    assert found.processes
    assert live.pause_s(2.0) >= 2.0
