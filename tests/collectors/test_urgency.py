"""A reader that starves raises its priority, and only then."""

import os
from pathlib import Path

import pytest

from kernward.collectors import urgency
from kernward.collectors.root import Root
from tests.collectors.made_trees import made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The nice values that were asked for; none is set."""
    found: list[int] = []
    monkeypatch.setattr(os, "setpriority", lambda which, who, value: found.append(value))
    monkeypatch.setattr(os, "getpriority", lambda which, who: 0)
    monkeypatch.setattr("builtins.open", refuse)
    return found


def refuse(*_: object, **__: object) -> None:
    raise OSError


def root(folder: Path, ran_s: float, waited_s: float) -> Root:
    return made(folder, {"/proc/self/schedstat": f"{round(ran_s * 1e9)} {round(waited_s * 1e9)} 12\n"})


def test_one_that_waits_far_longer_than_it_runs_raises_it(tmp_path: Path, asked: list[int]) -> None:
    assert urgency.hurry(root(tmp_path, 0.3, 4.0))
    assert asked == [urgency.NICE]


@pytest.mark.parametrize(("ran_s", "waited_s"), [(2.0, 2.5), (2.0, 0.0), (0.01, 0.2)])
def test_elsewhere_nothing_is_changed(
    tmp_path: Path, asked: list[int], ran_s: float, waited_s: float
) -> None:
    assert not urgency.hurry(root(tmp_path, ran_s, waited_s))
    assert asked == []


def test_what_is_not_told_changes_nothing(tmp_path: Path, asked: list[int]) -> None:
    assert not urgency.hurry(Root(tmp_path))
    assert asked == []


def test_one_that_may_not_goes_on_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "setpriority", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr(os, "getpriority", lambda which, who: 0)
    assert not urgency.hurry(root(tmp_path, 0.3, 4.0))


def test_what_outlives_the_process_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    later: list[tuple[object, int]] = []
    monkeypatch.setattr(os, "setpriority", lambda which, who, value: None)
    monkeypatch.setattr(urgency, "_write", lambda nice: not written.append(nice))
    monkeypatch.setattr(urgency.atexit, "register", lambda call, value: later.append((call, value)))
    machine = root(tmp_path, 0.3, 4.0)
    (tmp_path / "proc/self/autogroup").write_text("/autogroup-1158 nice 5\n")
    urgency.hurry(machine)
    assert written == [urgency.NICE]
    assert [value for _, value in later] == [5]


def test_a_session_that_is_urgent_already_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    monkeypatch.setattr(os, "setpriority", lambda which, who, value: None)
    monkeypatch.setattr(urgency, "_write", written.append)
    machine = root(tmp_path, 0.3, 4.0)
    (tmp_path / "proc/self/autogroup").write_text("/autogroup-1158 nice -15\n")
    urgency.hurry(machine)
    assert written == []
