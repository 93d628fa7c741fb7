"""Threads bound to few CPUs beside idle ones, and threads that wait for other reasons."""

from kernward.collectors.sources import cgroup_cpu
from kernward.diagnosis.hypotheses.cpu_affinity_pileup import HYPOTHESIS
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from kernward.diagnosis.processors import cpu_list
from tests.diagnosis.processor_windows import Task, always_throttled, compile_jobs, machine
from tests.diagnosis.windows import confirmed, verdict, view

ONE_BUSY = ({"user": 1.0}, {"idle": 1.0})


def bound(allowed: str | None = "0", waiting: float = 5.0) -> Task:
    return Task(comm="packets", pid=900, user=1.0, waiting=waiting, threads=6, allowed=allowed)


def test_threads_that_wait_for_one_cpu_beside_an_idle_one_are_named() -> None:
    found = confirmed(HYPOTHESIS, machine(bound(), shares=ONE_BUSY))
    assert (found.scope.kind, found.scope.name) == ("process", "packets[900]")
    assert "allows 1 of 2 CPUs (cpu0)" in found.mechanism
    assert abs(found.impact - 5 / 6) < 0.02


def test_who_reads_the_machine_may_use_the_other_cpu() -> None:
    reader = Task(comm="kernward", pid=42, user=0.95)
    both = ({"user": 1.0}, {"user": 0.95, "idle": 0.05})
    assert (
        confirmed(HYPOTHESIS, machine(bound(), reader, shares=both, reader=42)).scope.name == "packets[900]"
    )


def test_it_asks_to_what_they_are_bound() -> None:
    found = verdict(HYPOTHESIS, machine(bound(allowed=None), shares=ONE_BUSY, final=False))
    assert isinstance(found, Open)
    assert ("process_status", ("900",)) in found.sources


def test_what_could_not_be_read_stays_unknown() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(bound(allowed=None), shares=ONE_BUSY)), Unknown)


def test_threads_that_may_run_anywhere_are_not_bound() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(bound(allowed="0-1"), shares=ONE_BUSY)), Refuted)


def test_a_thread_with_a_cpu_of_its_own_does_not_wait() -> None:
    task = Task(comm="dpdk", pid=900, user=1.0, waiting=0.01, allowed="0")
    assert isinstance(verdict(HYPOTHESIS, machine(task, shares=ONE_BUSY)), Refuted)


def test_a_machine_without_time_to_spare_is_another_matter() -> None:
    task = Task(comm="packets", pid=900, user=1.0, waiting=5.0, threads=6, allowed="0")
    other = Task(comm="batch", pid=901, user=1.0)
    assert isinstance(verdict(HYPOTHESIS, machine(task, other)), Refuted)


def test_threads_that_wait_for_their_quota_are_another_matter() -> None:
    task = Task(comm="packets", pid=900, user=0.3, waiting=5.0, threads=6, allowed="0", group="/web")
    assert isinstance(
        verdict(HYPOTHESIS, machine(task, shares=ONE_BUSY, more={cgroup_cpu.SOURCE: always_throttled})),
        Refuted,
    )


def test_a_build_is_not_bound() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(*compile_jobs(2))), Refuted)


def test_one_cpu_leaves_nothing_to_be_bound_away_from() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(bound(), cpus=1)), Refuted)


def test_one_reading_is_not_enough() -> None:
    assert isinstance(verdict(HYPOTHESIS, view({})), Unknown)


def test_sets_of_cpus_as_the_kernel_prints_them() -> None:
    assert cpu_list("0-2,8") == {0, 1, 2, 8}
    assert cpu_list("3") == {3}
    assert cpu_list("0-99999999") is None
    assert cpu_list("a-b") is None
    assert cpu_list("") is None
