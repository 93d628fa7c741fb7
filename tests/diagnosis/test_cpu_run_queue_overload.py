"""Full run queues: one process, many of one kind, crowds of short ones; and busy machines that are none."""

import pytest

from kernward.collectors.sources import cgroup_cpu, loadavg, pressure, stat, threads
from kernward.collectors.sources.loadavg import Loadavg
from kernward.collectors.sources.pressure import Pressure
from kernward.collectors.sources.stat import Stat
from kernward.diagnosis.hypotheses.cpu_run_queue_overload import HYPOTHESIS
from kernward.diagnosis.hypothesis import Confirmed, Open, Refuted, Unknown
from tests.diagnosis.processor_windows import Task, always_throttled, compile_jobs, machine
from tests.diagnosis.windows import confirmed, verdict, view


def crowd(count: int, cpus: int) -> Task:
    """A process with so many threads that compute."""
    return Task(comm="encode", pid=900, user=float(cpus), waiting=float(count - cpus), threads=count)


@pytest.mark.parametrize(("count", "cpus"), [(5, 1), (4, 2), (5, 2), (24, 2), (64, 8)])
def test_a_process_with_many_more_threads_than_cpus_is_named(count: int, cpus: int) -> None:
    found = confirmed(HYPOTHESIS, machine(crowd(count, cpus), cpus=cpus))
    assert (found.scope.kind, found.scope.name) == ("process", "encode[900]")
    assert abs(found.impact - (count - cpus) / count) < 0.02


@pytest.mark.parametrize("cpus", [1, 2, 8])
def test_a_build_with_as_many_jobs_as_cpus_is_busy_and_healthy(cpus: int) -> None:
    found = verdict(HYPOTHESIS, machine(*compile_jobs(cpus), cpus=cpus))
    assert isinstance(found, Refuted), found


def test_two_processes_that_share_a_cpu_are_no_queue() -> None:
    """A client and a server on one CPU."""
    tasks = (
        Task(comm="nc", pid=900, user=0.5, waiting=0.45),
        Task(comm="sink", pid=901, user=0.5, waiting=0.47),
    )
    assert isinstance(verdict(HYPOTHESIS, machine(*tasks, cpus=1)), Refuted)


def test_workers_that_are_processes_are_counted_together() -> None:
    workers = [
        Task(comm="worker", pid=900 + n, user=0.25, waiting=0.75, group="/shop.slice") for n in range(8)
    ]
    found = confirmed(HYPOTHESIS, machine(*workers))
    assert (found.scope.kind, found.scope.name) == ("cgroup", "/shop.slice")
    assert "8 processes named worker" in found.mechanism


def test_different_processes_that_crowd_a_machine_are_the_machines_state() -> None:
    tasks = [Task(comm=f"job{n}", pid=900 + n, user=0.25, waiting=0.75) for n in range(8)]
    assert confirmed(HYPOTHESIS, machine(*tasks)).scope.kind == "host"


def test_idle_cpus_refute_it() -> None:
    found = verdict(HYPOTHESIS, machine(Task(comm="encode", pid=900, user=1.0, waiting=7.0, threads=8)))
    assert isinstance(found, Refuted)
    assert "idle for 50%" in found.reason


@pytest.mark.parametrize(("nice", "policy"), [(19, 0), (0, 5)])
def test_work_of_low_priority_fills_the_cpus_and_keeps_nobody_waiting(nice: int, policy: int) -> None:
    task = Task(comm="boinc", pid=900, user=1.9, waiting=6.0, threads=8, nice=nice, policy=policy)
    found = verdict(HYPOTHESIS, machine(task, Task(comm="web", pid=901, user=0.1)))
    assert isinstance(found, Refuted)


def test_who_reads_the_machine_is_not_part_of_the_queue() -> None:
    reader = Task(comm="kernward", pid=42, user=0.5, waiting=0.5)
    busy = Task(comm="encode", pid=900, user=0.5, waiting=1.0, threads=2)
    found = verdict(HYPOTHESIS, machine(reader, busy, cpus=1, reader=42))
    assert isinstance(found, Refuted)
    assert "1.5 threads" in found.reason


def test_threads_that_wait_for_their_quota_are_not_the_queue() -> None:
    task = Task(comm="transcode", pid=900, user=0.2, waiting=7.0, threads=8, group="/web")
    other = Task(comm="batch", pid=901, user=1.8, waiting=0.2, threads=2)

    assert isinstance(
        verdict(HYPOTHESIS, machine(task, other, more={cgroup_cpu.SOURCE: always_throttled})), Refuted
    )


def test_threads_that_are_bound_to_some_cpus_are_another_matter() -> None:
    task = Task(comm="packets", pid=900, user=1.0, waiting=7.0, threads=8, allowed="0")
    other = Task(comm="batch", pid=901, user=1.0)
    assert isinstance(verdict(HYPOTHESIS, machine(task, other)), Refuted)


def test_the_threads_of_a_process_whose_main_thread_sleeps_are_asked_for() -> None:
    found = verdict(HYPOTHESIS, machine(crowd(8, 2), final=False))
    assert isinstance(found, Open)
    assert ("threads", ("900",)) in found.sources


def test_with_its_threads_read_it_is_surer() -> None:
    task = Task(comm="encode", pid=900, user=2.0, waiting=0.0, threads=8, each=((0.25, 0.75, None, 0.0),) * 8)
    found = confirmed(HYPOTHESIS, machine(task, measured=(threads.SOURCE.name,)))
    assert found.confidence > 0.9
    assert found.scope.name == "encode[900]"


def test_a_crowd_that_nobody_can_name_is_told_by_the_count_of_runnable_tasks() -> None:
    found = confirmed(HYPOTHESIS, machine(Task(comm="sh", pid=900, user=2.0), running=30))
    assert found.scope.kind == "host"
    assert found.confidence < 0.8


def one_reading(load: float, running: int, stalled: float) -> object:
    reading = {
        stat.SOURCE: Stat(user_s=1000.0, idle_s=1000.0, running=running, cpus=2),
        loadavg.SOURCE: Loadavg(load_1m=load),
        pressure.SOURCE: Pressure(cpu_some_60s_percent=stalled),
    }
    return verdict(HYPOTHESIS, view(reading))


def test_one_reading_decides_only_what_is_plain() -> None:
    assert isinstance(one_reading(40.0, 38, 99.0), Confirmed)
    assert isinstance(one_reading(6.0, 7, 99.0), Unknown)
    assert isinstance(one_reading(40.0, 1, 99.0), Refuted)


def test_without_times_it_is_unknown() -> None:
    assert isinstance(verdict(HYPOTHESIS, view({}, {})), Unknown)
