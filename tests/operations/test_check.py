"""What is checked where: a recording with gaps, a cgroup however it is named."""

from datetime import timedelta

import pytest

from kernward.collectors.root import Root
from kernward.collectors.sources.loadavg import Loadavg
from kernward.operations import check, playback
from kernward.records.errors import InputError, UsageError
from tests.diagnosis.making import BEGAN, sample

# Three hours at 10 s with an hour's gap in the middle.
HOURS = [
    sample(10.0 * number, loadavg=Loadavg(load_1m=1.0)) for number in range(1080) if not 360 <= number < 720
]


@pytest.fixture
def asked(monkeypatch) -> list[tuple[float, float]]:
    """A store that holds this recording, and what was asked of it: from and to, in seconds."""
    asked: list[tuple[float, float]] = []

    def recording(home, *, host, since, until, only=None) -> playback.Recording:
        asked.append(((since - BEGAN).total_seconds(), (until - BEGAN).total_seconds()))
        found = [each for each in HOURS if since <= each.at_utc <= until]
        if not found:
            raise InputError("no sample in this time")
        return playback.Recording(host=host, samples=tuple(found), notes=("a word",))

    def edge(home, *, host, at, later):
        return min((each.at_utc for each in HOURS if each.at_utc > at), default=None)

    extent = playback.Extent(
        host="web-1", first_utc=HOURS[0].at_utc, last_utc=HOURS[-1].at_utc, samples=len(HOURS), size_bytes=1
    )
    monkeypatch.setattr(playback, "extents", lambda home: [extent])
    monkeypatch.setattr(playback, "recording", recording)
    monkeypatch.setattr(playback, "edge", edge)
    monkeypatch.setattr(check, "hypotheses", dict)
    return asked


def test_a_recording_is_read_in_pieces_and_gaps_are_passed_over(asked) -> None:
    found = check.check_recorded(since=BEGAN)
    assert found.recording is not None
    assert found.recording.samples == len(HOURS)
    assert found.recording.notes == ("a word",)
    assert found.recording.source == "the recording of web-1"
    assert all(until - since <= check.AT_ONCE.total_seconds() for since, until in asked)
    assert len(asked) < 12


def test_without_a_time_the_last_hour_is_checked(asked) -> None:
    check.check_recorded()
    assert asked[0][0] == (HOURS[-1].at_utc - timedelta(hours=1) - BEGAN).total_seconds()
    assert asked[-1][1] == (HOURS[-1].at_utc - BEGAN).total_seconds()


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("/shop/cart", "/shop/cart"),
        ("shop/cart/", "/shop/cart"),
        ("/sys/fs/cgroup/shop/cart", "/shop/cart"),
        ("/sys/fs/cgroup/", "/"),
        ("/", "/"),
    ],
)
def test_a_cgroup_is_found_however_it_is_named(tmp_path, said, named) -> None:
    for folder in ("", "/shop", "/shop/cart"):
        group = tmp_path / f"sys/fs/cgroup{folder}"
        group.mkdir(parents=True, exist_ok=True)
        (group / "cgroup.controllers").write_text("cpu\n")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text("30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    assert check._named(Root(tmp_path), said) == named


def test_a_cgroup_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match="there is no cgroup /x"):
        check._named(Root(tmp_path), "/x")
