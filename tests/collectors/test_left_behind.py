"""A child that waits is left behind, the others' results are there, and nobody asks again before it has ended."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec
import pytest

from kernward.collectors import left_behind, measuring, quiescence
from kernward.collectors.clock import Clock
from kernward.collectors.left_behind import Waits, gone, results
from kernward.collectors.measuring import Session
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sample import take
from kernward.collectors.source import Source

PATIENCE_S = 0.2
WHY = "somebody holds the lock"


class Told(msgspec.Struct, frozen=True):
    name: str


def sleep() -> str:
    # Stopped, a process can no more go on than one that sleeps uninterruptibly, and is no more ready to run.
    os.kill(os.getpid(), signal.SIGSTOP)
    return "awake"


def source(name: str, waits: str = "", act: Callable[[], str] = lambda: "") -> Source[Told]:
    def read(root: Root) -> Told:
        root.missing[f"/{name}"] = "there is no such file"
        return Told(act() or name)

    return Source(name=name, doc="any", files=(f"/proc/{name}",), record=Told, read=read, waits=waits)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_behind.results, "__defaults__", (PATIENCE_S,))
    # Whoever sleeps uninterruptibly does not die of a signal, as one who is stopped does.
    monkeypatch.setattr(left_behind, "_kill", lambda child: None)


@pytest.fixture
def root() -> Iterator[Root]:
    made = Root("/")
    yield made
    for each in made.remembered.get("why readers wait", {}).values():
        end(each.child)


def end(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    for _ in range(100):
        if gone(child):
            return
        time.sleep(0.01)
    raise AssertionError("it does not end")


def test_results_come_in_their_order_however_large_and_odd_they_are() -> None:
    large, odd = "x" * 300_000, "\udcff\x00"
    assert list(results([lambda: large, lambda: odd, lambda: None])) == [large, odd, None]


def test_one_that_waits_is_left_behind_with_what_came_before_it() -> None:
    began_s = time.monotonic()
    found = results([lambda: "first", sleep, lambda: "never"], PATIENCE_S)
    assert next(found) == "first"
    with pytest.raises(Waits, match="waits in the kernel") as caught:
        next(found)
    assert time.monotonic() - began_s < 2.0
    end(caught.value.child)


def test_a_child_that_computes_gets_the_time_that_it_needs() -> None:
    def compute() -> int:
        end_s = time.process_time() + 3 * PATIENCE_S
        while time.process_time() < end_s:
            pass
        return 7

    assert list(results([compute], PATIENCE_S)) == [7]


def test_a_child_that_dies_is_no_wait() -> None:
    with pytest.raises(ChildProcessError, match="ended early"):
        list(results([lambda: os._exit(3)]))


@pytest.mark.usefixtures("impatient")
def test_a_sample_leaves_out_whose_reader_waits_and_who_waits_for_the_same(root: Root) -> None:
    chosen = [source("a", WHY, sleep), source("b", WHY), source("c", "for something else"), source("d")]
    sample = take(root, Clock(), chosen)
    assert sample.read == {"c": Told("c"), "d": Told("d")}
    assert sample.missing == {"/c": "there is no such file", "/d": "there is no such file"}
    assert sample.absent["a"].startswith(f"/proc/a: whoever reads it waits: {WHY} (it waits in the kernel")
    assert sample.absent["b"].startswith(f"/proc/b: whoever reads it waits: {WHY}")


@pytest.mark.usefixtures("impatient")
def test_it_is_asked_again_when_the_one_that_waited_has_ended(root: Root) -> None:
    waits = take(root, Clock(), [source("a", WHY, sleep)])
    began_s = time.monotonic()
    assert take(root, Clock(), [source("a", WHY)]).absent == waits.absent
    assert time.monotonic() - began_s < PATIENCE_S
    end(root.remembered["why readers wait"][WHY].child)
    assert take(root, Clock(), [source("a", WHY)]).read == {"a": Told("a")}


def test_what_cannot_be_read_apart_has_its_reason(root: Root) -> None:
    def refuse() -> str:
        raise Unavailable("/proc/a", "permission denied")

    def fail() -> str:
        raise ZeroDivisionError("any")

    sample = take(root, Clock(), [source("a", WHY, refuse), source("b", WHY, fail), source("c", WHY)])
    assert sample.absent["a"] == "/proc/a: permission denied"
    assert "a fault of kernward itself" in sample.absent["b"]
    assert sample.read == {"c": Told("c")}


def test_grace_periods_end_here() -> None:
    assert quiescence.grace_period_missing() == ""


def test_where_no_grace_period_ends_nothing_is_attached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "grace_period_missing", lambda: "no grace period of RCU ended")
    with Session(Root(), Clock()) as session:
        became = session.start(["runqlat", "syscalls"])
    assert {each.tier for each in became.values()} <= {"procfs", None}
    assert all("no grace period of RCU ended" in each.reason for each in became.values())


def test_the_reason_names_what_was_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def waiting(*_: object) -> Iterator[int]:
        raise Waits(1, "synchronize_rcu")
        yield 0

    monkeypatch.setattr(quiescence, "results", waiting)
    assert "no grace period of RCU ended within 3 s" in quiescence.grace_period_missing()
