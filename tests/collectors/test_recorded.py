"""A recording is cut into parts that each tell something, and no boot is mixed with another."""

from datetime import UTC, datetime, timedelta

import pytest

from kernward.collectors.recorded import FEWEST_SAMPLES, MOST_PARTS, MOST_SAMPLES, Recorded, Thinned, parts
from kernward.collectors.sample import Sample


def sample(at_s: float, boot: str = "b", **read) -> Sample:
    return Sample(
        host="h",
        boot_id=boot,
        kernel=None,
        at_utc=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at_s),
        at_s=at_s,
        read=read,
        read_at_s={},
    )


@pytest.mark.parametrize(("interval_s", "count"), [(5, 720), (1, 7), (60, 1440), (5, 1), (300, 12), (5, 25)])
def test_parts_hold_all_of_a_recording_and_meet_at_their_ends(interval_s, count) -> None:
    samples = [sample(100.0 + interval_s * number) for number in range(count)]
    cut = list(parts(samples, samples[-1].at_s - samples[0].at_s))
    assert len(cut) <= MOST_PARTS + 1
    joined = [cut[0][0], *(each for part in cut for each in part[1:])]
    assert joined == samples
    if len(cut) > 1:
        assert all(len(part) >= FEWEST_SAMPLES for part in cut)


def test_boots_are_parts_of_their_own() -> None:
    samples = [*(sample(900.0 + n, "a") for n in range(3)), *(sample(10.0 + n, "b") for n in range(3))]
    assert [[each.boot_id for each in part] for part in parts(samples, 900.0)] == [["a"] * 3, ["b"] * 3]


def test_thinning_keeps_the_ends() -> None:
    samples = [sample(float(number)) for number in range(5000)]
    whole = Thinned()
    for each in samples:
        whole.add(each)
    few = whole.samples
    assert MOST_SAMPLES / 2 < len(few) <= MOST_SAMPLES + 1
    assert (few[0], few[-1]) == (samples[0], samples[-1])


def test_thinning_forgets_an_earlier_boot() -> None:
    whole = Thinned()
    for each in (*(sample(900.0 + n, "a") for n in range(300)), sample(10.0), sample(11.0)):
        whole.add(each)
    assert [each.at_s for each in whole.samples] == [10.0, 11.0]


def test_only_what_was_recorded_can_be_had() -> None:
    became = Recorded([sample(1.0, runqlat={})]).go_on(["runqlat", "blocklat"], {"process": ("7",)})
    assert {name: each.tier for name, each in became.items()} == {
        "runqlat": "as recorded",
        "blocklat": None,
        "process": None,
    }
