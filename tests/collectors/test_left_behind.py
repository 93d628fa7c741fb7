"""A child that waits is left behind, the others' results are there, and nobody asks again before it has ended."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from kernward.collectors import left_behind, measuring, quiescence
from kernward.collectors.clock import Clock
from kernward.collectors.left_behind import Helper, Waits, gone
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
    monkeypatch.setitem(Helper.ask.__kwdefaults__, "patience_s", PATIENCE_S)
    # Whoever sleeps uninterruptibly does not die of a signal, as one who is stopped does.
    monkeypatch.setattr(left_behind, "_kill", lambda child: None)


@pytest.fixture
def root() -> Iterator[Root]:
    made = Root("/")
    yield made
    made.close()
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


def children() -> set[str]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return set(file.read().split())


def test_it_gives_what_it_is_asked_for_however_large_and_odd() -> None:
    large, odd = "x" * 3_000_000, "\udcff\x00"
    helper = Helper({"twice": lambda each: each * 2, "odd": lambda: odd})
    assert helper.ask("twice", large) == large * 2
    assert helper.ask("odd") == odd
    helper.close()


def test_one_that_waits_is_left_behind() -> None:
    began_s = time.monotonic()
    helper = Helper({"sleep": sleep})
    with pytest.raises(Waits, match="waits in the kernel") as caught:
        helper.ask("sleep", patience_s=PATIENCE_S)
    assert time.monotonic() - began_s < 2.0
    end(caught.value.child)


def test_one_that_computes_gets_the_time_that_it_needs() -> None:
    def compute() -> int:
        end_s = time.process_time() + 3 * PATIENCE_S
        while time.process_time() < end_s:
            pass
        return 7

    helper = Helper({"compute": compute})
    assert helper.ask("compute", patience_s=PATIENCE_S) == 7
    helper.close()


def test_one_that_dies_or_fails_is_no_wait() -> None:
    helper = Helper({"die": lambda: os._exit(3), "fail": lambda: [][1]})
    with pytest.raises(ChildProcessError, match="IndexError"):
        helper.ask("fail")
    with pytest.raises(ChildProcessError, match="ended early"):
        helper.ask("die")
    with pytest.raises(ChildProcessError, match="ended early"):
        helper.ask("fail")


def test_it_leaves_nothing_behind_when_it_may_end() -> None:
    before = children()
    helper = Helper({"any": lambda: 1})
    assert children() > before
    helper.close()
    assert children() == before


LEAVING = """
import os, signal
from kernward.collectors import left_behind
left_behind._kill = lambda child: None
lock = os.open({lock!r}, os.O_RDWR | os.O_CREAT)
import fcntl
fcntl.flock(lock, fcntl.LOCK_EX)
helper = left_behind.Helper({{"sleep": lambda: os.kill(os.getpid(), signal.SIGSTOP)}})
try:
    helper.ask("sleep", patience_s=0.2)
except left_behind.Waits as error:
    print(error.child)
"""


def test_who_is_left_behind_keeps_neither_the_output_nor_a_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    done = subprocess.run(
        [sys.executable, "-c", LEAVING.format(lock=str(lock))],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    child = int(done.stdout)
    assert Path(f"/proc/{child}/stat").exists()
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.kill(child, signal.SIGKILL)


@pytest.mark.usefixtures("impatient")
def test_a_sample_leaves_out_whose_reader_waits_and_who_waits_for_the_same(root: Root) -> None:
    chosen = [source("a", WHY, sleep), source("b", WHY), source("c", "for something else"), source("d")]
    sample = take(root, Clock(), chosen)
    assert sample.read == {"c": Told("c"), "d": Told("d")}
    assert sample.missing == {"/c": "there is no such file", "/d": "there is no such file"}
    for name in ("a", "b"):
        assert re.fullmatch(
            rf"/proc/{name}: its reader waits in the kernel \(\w+\): {WHY}", sample.absent[name]
        )


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


@pytest.mark.parametrize("stays", [True, False])
def test_the_child_stays_from_sample_to_sample_where_that_is_wanted(root: Root, stays: bool) -> None:
    root.keeps_helper = stays
    before = children()
    for _ in range(3):
        take(root, Clock(), [source("a", WHY)])
    assert len(children() - before) == stays
    assert (root.helper is not None) == stays


def test_grace_periods_end_here(root: Root) -> None:
    assert quiescence.grace_period_missing(root) == ""


def test_where_no_grace_period_ends_nothing_is_attached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "grace_period_missing", lambda root: "no grace period of RCU ended")
    with Session(Root(), Clock()) as session:
        became = session.start(["runqlat", "syscalls"])
    assert {each.tier for each in became.values()} <= {"procfs", None}
    assert all("no grace period of RCU ended" in each.reason for each in became.values())


@pytest.mark.usefixtures("impatient")
def test_a_grace_period_that_does_not_end_is_said(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quiescence.ACTS, "grace period", sleep)
    child = children()
    assert "no grace period of RCU ended within 0.2 s" in quiescence.grace_period_missing(root, PATIENCE_S)
    assert root.helper is None
    for each in children() - child:
        end(int(each))


def test_it_holds_the_handles_of_programs_until_it_ends(root: Root) -> None:
    before = children()
    session = Session(root, Clock())
    tier = session.start(["runqlat"])["runqlat"].tier
    if tier not in ("tp_btf", "raw_tp", "tracepoint", "kprobe"):
        pytest.skip(f"programs cannot be attached here: runqlat comes by {tier}")
    assert root.helper is not None
    (child,) = children() - before
    assert not programs(child)
    root.helper.hold()
    assert programs(child)
    session.close()
    assert children() == before


def programs(process: str) -> list[str]:
    handles = (os.readlink(each.path) for each in os.scandir(f"/proc/{process}/fd"))
    return [each for each in handles if "bpf" in each]
