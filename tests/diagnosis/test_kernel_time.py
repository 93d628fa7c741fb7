"""Time that the kernel loses, and time in which it works."""

from typing import Any

import pytest

from kernward.collectors.measurements import syscalls
from kernward.collectors.measurements.syscalls import SystemCalls
from kernward.collectors.sources import process_io
from kernward.collectors.sources.process_io import ProcessIo
from kernward.diagnosis.hypotheses.kernel_time import HYPOTHESIS
from kernward.diagnosis.hypothesis import Confirmed, Open, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.processor_windows import Task, compile_jobs, machine
from tests.diagnosis.windows import confirmed, verdict, view

LOOP = Task(comm="poll", pid=900, system=0.9, user=0.1)


def measured(calls: int, errors: int) -> View:
    def counted(second: int) -> dict[str, SystemCalls]:
        return {
            "900": SystemCalls(
                comm="poll",
                calls=calls * second,
                errors=errors * second,
                errors_by_name={"openat": errors * second},
            )
        }

    return machine(LOOP, more={syscalls.SOURCE: counted}, measured=("syscalls",))


def test_calls_that_fail_again_and_again_are_a_finding() -> None:
    found = confirmed(HYPOTHESIS, measured(90000, 89000))
    assert (found.scope.kind, found.scope.name) == ("process", "poll[900]")
    assert "openat()" in found.mechanism


def test_calls_that_succeed_are_work() -> None:
    assert isinstance(verdict(HYPOTHESIS, measured(90000, 300)), Refuted)


def test_a_few_calls_that_fail_take_no_time() -> None:
    assert isinstance(verdict(HYPOTHESIS, measured(50, 50)), Refuted)


def moving(calls: int, each_bytes: int) -> dict[Any, Any]:
    def counted(second: int) -> dict[str, ProcessIo]:
        return {
            "900": ProcessIo(
                characters_read_bytes=calls * each_bytes * second,
                characters_written_bytes=calls * each_bytes * second,
                read_calls=calls * second,
                write_calls=calls * second,
            )
        }

    return {process_io.SOURCE: counted}


def test_a_byte_at_a_time_is_a_finding() -> None:
    found = confirmed(HYPOTHESIS, machine(LOOP, more=moving(60000, 1)))
    assert (found.scope.kind, found.scope.name) == ("process", "poll[900]")
    assert "120,000 calls a second" in found.mechanism


@pytest.mark.parametrize(("calls", "each_bytes"), [(60000, 4096), (60000, 64), (1000, 1)])
def test_data_in_pieces_of_some_size_or_few_of_them_is_none(calls: int, each_bytes: int) -> None:
    assert not any(
        isinstance(each, Confirmed) for each in HYPOTHESIS.test(machine(LOOP, more=moving(calls, each_bytes)))
    )


def test_it_reads_what_is_moved_first_and_asks_for_the_calls_then() -> None:
    first = verdict(HYPOTHESIS, machine(LOOP, final=False))
    assert isinstance(first, Open)
    assert first.sources == (("process_io", ("900",)),)
    then = verdict(HYPOTHESIS, machine(LOOP, more=moving(60000, 4096), final=False))
    assert isinstance(then, Open)
    assert then.asks == ("syscalls",)


def test_without_the_calls_nobody_is_accused() -> None:
    """A copy of a large file looks the same."""
    assert isinstance(verdict(HYPOTHESIS, machine(LOOP)), Unknown)


def test_a_thread_of_the_kernel_that_never_pauses_is_named() -> None:
    task = Task(comm="kworker/1:2+events", pid=60, system=0.99, kernel_thread=True)
    assert confirmed(HYPOTHESIS, machine(task)).scope.name == "kworker/1:2+events[60]"


@pytest.mark.parametrize(
    "comm", ["kswapd0", "ksoftirqd/1", "kcompactd0", "kworker/u8:1-kcryptd/252:0", "md0_raid5"]
)
def test_threads_whose_work_is_that_of_others_are_explained_elsewhere(comm: str) -> None:
    assert isinstance(
        verdict(HYPOTHESIS, machine(Task(comm=comm, pid=60, system=0.99, kernel_thread=True))), Refuted
    )


def test_a_build_is_none() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(*compile_jobs(2))), Refuted)


def test_one_reading_is_not_enough() -> None:
    assert isinstance(verdict(HYPOTHESIS, view({})), Unknown)
