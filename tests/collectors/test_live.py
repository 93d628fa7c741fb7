"""A live look: how often and how long it reads, and what comes of what is asked for."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kernward.collectors import live
from kernward.collectors.clock import Clock
from kernward.collectors.live import FIRST_LOOK_S, LONGEST_S, SHORT_LOOK_S, Live
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource, Source
from kernward.records.check import Measured


class Time(Clock):
    """A clock that goes on only when somebody sleeps, or when a source says that reading took long."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic_s(self) -> float:
        return self.now_s

    def utc(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now_s)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Nothing(msgspec.Struct, frozen=True):
    """A record of nothing."""


class Attached:
    """Measurements that are always to be had."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def start(self, names: Sequence[str]) -> dict[str, Measured]:
        self.started += names
        return {name: Measured(name=name, tier="tp_btf" if name != "bad" else None) for name in names}

    def read(self) -> dict[str, dict[str, Nothing]]:
        return {name: {"sda": Nothing()} for name in self.started}

    def check_cost(self) -> list[Measured]:
        return []

    def close(self) -> None:
        self.started.clear()


@pytest.fixture
def time(monkeypatch) -> Time:
    time = Time()

    def slow(_root: Root) -> Nothing:
        time.now_s += 0.3
        return Nothing()

    def stack(_root: Root, some) -> dict[str, Nothing]:
        if "0" in some:
            raise Unavailable("/proc/0/stack", "permission denied")
        return {each: Nothing() for each in some}

    files = {"doc": "", "files": ("/proc/x",), "record": Nothing}
    sources = {
        "quick": Source(name="quick", read=lambda root: Nothing(), **files),
        "slow": Source(name="slow", read=slow, when="check", **files),
        "stack": EntitySource(name="stack", read=stack, when="asked", scope="process", **files),
    }
    monkeypatch.setattr(live, "sources", lambda: sources)
    return time


def test_the_first_look_is_as_long_as_it_should_be_with_a_sample_a_second(tmp_path, time) -> None:
    window = Live(Root(tmp_path), time).window()
    assert window.seconds == pytest.approx(FIRST_LOOK_S, abs=0.7)
    assert len(window.samples) in (6, 7)


def test_slow_sources_are_read_at_the_ends_only(tmp_path, time) -> None:
    samples = Live(Root(tmp_path), time).window().samples
    # How long it takes is told by the second sample: the first one imports what reads.
    assert [number for number, each in enumerate(samples) if "slow" in each.read] == [0, 1, len(samples) - 1]
    assert all("quick" in each.read for each in samples)


@pytest.mark.parametrize(("cost_s", "samples"), [(0.001, 6), (0.15, 6), (0.6, 4), (2.0, 3)])
def test_where_reading_is_dear_it_is_done_less_often(tmp_path, time, monkeypatch, cost_s, samples) -> None:
    take = live.take
    monkeypatch.setattr(live, "take", lambda *some: msgspec.structs.replace(take(*some), cost_s=cost_s))
    assert len(Live(Root(tmp_path), time).window().samples) == samples


def test_asked_sources_are_read_from_then_on(tmp_path, time) -> None:
    machine = Live(Root(tmp_path), time)
    machine.window()
    became = machine.go_on([], {"stack": ("7", "8")})
    assert became["stack"].tier is not None
    last = machine.window().last
    assert set(last.read["stack"]) == {"7", "8"}
    assert last.asked["stack"] == ("7", "8")
    machine.go_on([], {"stack": ("9",)})
    assert set(machine.window().last.read["stack"]) == {"7", "8", "9"}


def test_a_short_look_reads_three_times(tmp_path, time) -> None:
    machine = Live(Root(tmp_path), time)
    machine.window()
    machine.go_on([], {"stack": ("7",)})
    assert len([each for each in machine.window().samples if "stack" in each.read]) == 3


def test_a_source_that_cannot_be_read_says_why(tmp_path, time) -> None:
    machine = Live(Root(tmp_path), time)
    machine.window()
    became = machine.go_on([], {"stack": ("0",), "no-such-source": ("1",)})
    assert became["stack"].tier is None
    assert "permission denied" in became["stack"].reason
    assert "no-such-source" not in became


def test_measurements_are_part_of_the_samples_after_they_were_attached(tmp_path, time) -> None:
    machine = Live(Root(tmp_path), time, measuring=Attached)
    machine.window()
    before_s = time.now_s
    became = machine.go_on(["runqlat", "bad"], {})
    assert became["runqlat"].tier == "tp_btf"
    assert time.now_s - before_s >= FIRST_LOOK_S
    held = [each for each in machine.window().samples if "runqlat" in each.read]
    assert len(held) >= 3
    assert held[-1] is machine.window().last


def test_nothing_is_waited_for_where_nothing_can_be_had(tmp_path, time) -> None:
    machine = Live(Root(tmp_path), time)
    machine.window()
    before_s = time.now_s
    assert machine.go_on(["runqlat"], {}) == {}
    assert time.now_s == before_s


def test_all_looks_together_end_in_time(tmp_path, time) -> None:
    machine = Live(Root(tmp_path), time, measuring=Attached)
    began_s = time.now_s
    machine.window()
    for number in range(20):
        if machine.seconds_left() <= 0:
            break
        machine.go_on([f"m{number}"], {})
    assert time.now_s - began_s <= LONGEST_S + SHORT_LOOK_S + 1


def test_where_all_sources_are_slow_none_is(tmp_path, time, monkeypatch) -> None:
    def slow(_root: Root) -> Nothing:
        time.now_s += 0.05
        return Nothing()

    files = {"doc": "", "files": ("/proc/x",), "record": Nothing, "when": "check"}
    many = {f"s{number}": Source(name=f"s{number}", read=slow, **files) for number in range(8)}
    monkeypatch.setattr(live, "sources", lambda: many)
    assert all(len(each.read) == 8 for each in Live(Root(tmp_path), time).window().samples)
