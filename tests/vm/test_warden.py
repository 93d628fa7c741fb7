"""The process that starts the machines: what it started ends whole."""

import os
import time
from pathlib import Path

import pytest

from kernward.vm.spawning import Warden

# A program with a child of its own, as a user-mode kernel has them.
FAMILY = ["sh", "-c", "sleep 1000 & echo $!; wait"]
ALONE = ["sh", "-c", "sleep 1000 & echo $!"]


def child_of(log: Path) -> int:
    deadline = time.monotonic() + 20
    while not (said := log.read_text().strip() if log.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(said)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_the_children_of_what_is_killed_are_gone_when_its_end_is_told(log: Path) -> None:
    warden = Warden()
    try:
        process = warden.start(FAMILY, log=log)
        child = child_of(log)
        assert is_there(child)
        process.kill()
        assert process.wait(20) == -9
        assert not is_there(child)
    finally:
        warden.close()


def test_the_children_of_what_ends_by_itself_are_gone_too(log: Path) -> None:
    warden = Warden()
    try:
        process = warden.start(ALONE, log=log)
        child = child_of(log)
        assert process.wait(20) == 0
        assert not is_there(child)
    finally:
        warden.close()


def test_nothing_outlives_the_warden(log: Path) -> None:
    warden = Warden()
    warden.start(FAMILY, log=log)
    child = child_of(log)
    warden.close()
    assert not is_there(child)
