"""Which entities are kept where there are too many."""

from typing import Annotated

import msgspec

from kernward.collectors.busiest import Busiest
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.source import EntitySource


class Task(msgspec.Struct, frozen=True):
    state: Annotated[str, fact("state")] = "S"
    used_s: Annotated[float | None, counter("s", "time")] = None
    faults: Annotated[int | None, counter("", "faults")] = None
    rss_bytes: Annotated[int | None, gauge("bytes", "memory")] = None


SOURCE = EntitySource(
    name="task", doc="", files=("/proc",), record=Task, read=lambda root, some: {}, scope="process"
)


def test_all_are_kept_when_they_are_few_enough() -> None:
    tasks = {"1": Task(), "2": Task()}
    assert Busiest(SOURCE, 2).choose(tasks) is tasks


def test_those_with_the_largest_growth_in_anything_are_kept() -> None:
    busiest = Busiest(SOURCE, 2)
    before = {str(pid): Task(used_s=1000.0 - pid, faults=pid) for pid in range(10)}
    busiest.choose(before)
    busy = Task(used_s=before["7"].used_s + 4, faults=7)
    faulting = Task(used_s=before["8"].used_s, faults=500)
    assert list(busiest.choose(before | {"7": busy, "8": faulting})) == ["7", "8"]


def test_a_task_that_is_stuck_is_kept_before_a_large_one() -> None:
    tasks = {str(pid): Task(rss_bytes=10) for pid in range(5)} | {"7": Task(state="D")}
    assert list(Busiest(SOURCE, 1).choose(tasks)) == ["7"]


def test_what_was_busy_a_moment_ago_stays_for_a_while() -> None:
    busiest = Busiest(SOURCE, 1)
    quiet = {str(pid): Task(used_s=0.0, rss_bytes=1) for pid in range(9)}
    busiest.choose(quiet)
    busy = quiet | {"5": Task(used_s=5.0, rss_bytes=1)}
    assert list(busiest.choose(busy)) == ["5"]
    assert list(busiest.choose(busy)) == ["5"]
    for _ in range(40):
        chosen = busiest.choose(busy | {"3": Task(used_s=0.0, rss_bytes=2)})
    assert list(chosen) == ["3"]


def test_one_that_took_over_a_pid_counts_from_its_own_start() -> None:
    busiest = Busiest(SOURCE, 1)
    busiest.choose({"1": Task(used_s=0.0), "2": Task(used_s=900.0)})
    assert list(busiest.choose({"1": Task(used_s=0.1), "2": Task(used_s=3.0)})) == ["2"]
