"""One thread that all others wait for, and threads that are busy without anybody waiting."""

import pytest

from kernward.collectors.sources import task_waits
from kernward.collectors.sources.task_waits import TaskWaits
from kernward.diagnosis.hypotheses.single_thread_bottleneck import HYPOTHESIS
from kernward.diagnosis.hypothesis import Confirmed, Open, Refuted, Unknown
from tests.diagnosis.processor_windows import Task, compile_jobs, machine
from tests.diagnosis.windows import confirmed, verdict, view

BUSY = (0.99, 0.0, None, 0.0)


def service(
    *others: tuple[float, float, str | None, float], busy: tuple[float, float, str | None, float] = BUSY
) -> Task:
    each = (busy, *others)
    return Task(
        comm="loop", pid=900, user=sum(one[0] for one in each), waiting=busy[1], threads=len(each), each=each
    )


@pytest.mark.parametrize("where", ["pipe_read", "anon_pipe_read", "futex_wait_queue", "futex_do_wait"])
def test_a_thread_that_never_pauses_while_the_others_wait_for_it_is_the_bottleneck(where: str) -> None:
    found = confirmed(HYPOTHESIS, machine(service(*[(0.01, 0.0, where, 2.0)] * 7)))
    assert (found.scope.kind, found.scope.name) == ("process", "loop[900]")
    assert found.confidence > 0.8
    assert f"{where}()" in found.mechanism


def test_it_counts_as_busy_while_it_waits_for_a_cpu() -> None:
    found = confirmed(
        HYPOTHESIS, machine(service(*[(0.01, 0.0, "pipe_read", 2.0)] * 3, busy=(0.6, 0.39, None, 0.0)))
    )
    assert found.impact > 0.9


def test_a_long_delay_of_a_thread_that_then_did_nothing_is_no_work() -> None:
    """Of a guest: a delay that had begun before the window counted in it when it ended."""
    late = (0.0001, 1.9, "pipe_read", 0.5)
    assert confirmed(HYPOTHESIS, machine(service(late, *[(0.0001, 0.0, "pipe_read", 0.5)] * 7)))


def test_threads_of_a_pool_that_nobody_wakes_do_not_wait_for_it() -> None:
    """An emulator, or a program with a pool of threads that it does not use."""
    found = verdict(HYPOTHESIS, machine(service(*[(0.0, 0.0, "futex_do_wait", 0.0)] * 7)))
    assert isinstance(found, Refuted)
    assert "no other was woken" in found.reason


def test_threads_that_wait_for_clients_or_timers_do_not_wait_for_it() -> None:
    found = verdict(HYPOTHESIS, machine(service(*[(0.01, 0.0, "do_epoll_wait", 5.0)] * 3)))
    assert isinstance(found, Refuted)
    assert "do_epoll_wait" in found.reason


@pytest.mark.parametrize(
    ("as_lock", "same", "expected"), [(True, 7, Refuted), (False, 7, Confirmed), (True, 1, Confirmed)]
)
def test_threads_that_want_a_lock_of_it_do_not_wait_for_its_work(
    as_lock: bool, same: int, expected: type
) -> None:
    waits = {"900": TaskWaits("loop", threads=8, futex_waits=7, futex_same=same, futex_lock=as_lock)}
    seen = machine(service(*[(0.0, 0.0, "futex_do_wait", 60.0)] * 7), more={task_waits.SOURCE: waits})
    assert isinstance(verdict(HYPOTHESIS, seen), expected)


def test_where_the_others_compute_as_well_the_work_is_spread() -> None:
    task = service(*[(0.2, 0.0, "pipe_read", 50.0)] * 4)
    assert isinstance(verdict(HYPOTHESIS, machine(task)), Refuted)


def test_a_program_with_one_thread_is_no_bottleneck_of_anything() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(Task(comm="gzip", pid=900, user=0.99))), Refuted)


def test_without_idle_cpus_more_threads_would_not_help() -> None:
    other = Task(comm="batch", pid=901, user=1.0)
    assert isinstance(
        verdict(HYPOTHESIS, machine(service(*[(0.01, 0.0, "pipe_read", 2.0)] * 7), other)), Refuted
    )


def test_who_reads_the_machine_is_not_meant() -> None:
    task = service(*[(0.01, 0.0, "pipe_read", 2.0)] * 7)
    assert isinstance(verdict(HYPOTHESIS, machine(task, reader=900)), Refuted)


def test_it_asks_for_the_threads() -> None:
    task = Task(comm="loop", pid=900, user=0.99, threads=8)
    found = verdict(HYPOTHESIS, machine(task, final=False))
    assert isinstance(found, Open)
    assert found.sources == (("threads", ("900",)),)


def test_threads_that_cannot_be_read_leave_it_unknown() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(Task(comm="loop", pid=900, user=0.99, threads=8))), Unknown)


def test_where_nobody_tells_where_threads_sleep_it_is_less_sure() -> None:
    found = confirmed(HYPOTHESIS, machine(service(*[(0.01, 0.0, None, 2.0)] * 7)))
    assert found.confidence < 0.7


def test_a_build_is_none() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(*compile_jobs(1), cpus=2)), Refuted)


def test_one_reading_is_not_enough() -> None:
    assert isinstance(verdict(HYPOTHESIS, view({})), Unknown)
