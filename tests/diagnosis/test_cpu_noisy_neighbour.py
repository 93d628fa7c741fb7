"""A cgroup that takes the CPU time of another one, and groups that share it as they should."""

import pytest

from kernward.collectors.measurements import preempt
from kernward.collectors.measurements.preempt import Preempted
from kernward.collectors.sources import cgroup_cpu
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
from kernward.diagnosis.hypotheses.cpu_noisy_neighbour import HYPOTHESIS
from kernward.diagnosis.hypothesis import Confirmed, Open, Refuted, Unknown
from tests.diagnosis.processor_windows import Task, compile_jobs, machine
from tests.diagnosis.windows import confirmed, verdict, view

NOISY, VICTIM = "/batch.slice/spark.service", "/system.slice/payment.service"


def pair(noisy: float = 1.8, victim: float = 0.2, waiting: float = 0.8) -> tuple[Task, Task]:
    return (
        Task(comm="spark", pid=900, user=noisy, waiting=4.0, threads=6, group=NOISY),
        Task(comm="payment", pid=901, user=victim, waiting=waiting, group=VICTIM),
    )


def test_the_neighbour_is_named_and_the_victim_told() -> None:
    found = confirmed(HYPOTHESIS, machine(*pair()))
    assert (found.scope.kind, found.scope.name) == ("cgroup", NOISY)
    assert [each.name for each in found.victims] == [VICTIM]
    assert abs(found.impact - 0.8) < 0.02


def test_it_explains_the_full_run_queues() -> None:
    assert "cpu-run-queue-overload" in HYPOTHESIS.explains


def test_measured_waits_behind_the_neighbour_make_it_surer() -> None:
    def measured(second: int) -> dict[str, Preempted]:
        return {VICTIM: Preempted(wait_s=0.8 * second, waited_behind_s={NOISY: 0.7 * second})}

    found = confirmed(
        HYPOTHESIS, machine(*pair(), more={preempt.SOURCE: measured}, measured=(preempt.SOURCE.name,))
    )
    assert found.confidence > 0.9


def test_a_group_that_waits_little_is_no_victim() -> None:
    found = verdict(HYPOTHESIS, machine(*pair(noisy=1.5, victim=0.5, waiting=0.1)))
    assert isinstance(found, Refuted)


def test_a_group_that_mostly_sleeps_is_no_victim_however_long_a_single_wait_is() -> None:
    found = verdict(HYPOTHESIS, machine(*pair(noisy=1.95, victim=0.02, waiting=0.05)))
    assert isinstance(found, Refuted)


def test_a_slice_full_of_groups_is_the_neighbour_when_none_of_them_is_alone() -> None:
    pods = [
        Task(comm="job", pid=910 + n, user=0.3, waiting=0.7, group=f"/batch.slice/pod{n}/run")
        for n in range(6)
    ]
    victim = Task(comm="payment", pid=901, user=0.1, waiting=0.9, group=VICTIM)
    found = [each for each in HYPOTHESIS.test(machine(*pods, victim)) if isinstance(each, Confirmed)]
    assert [each.scope.name for each in found if VICTIM in [one.name for one in each.victims]] == [
        "/batch.slice"
    ]


def test_two_groups_that_get_the_same_are_not_each_others_neighbours() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(*pair(noisy=1.0, victim=1.0, waiting=1.0))), Refuted)


def test_idle_cpus_refute_it() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(*pair(), cpus=4)), Refuted)


def test_what_runs_in_the_root_is_no_neighbour() -> None:
    tasks = (
        Task(comm="encode", pid=900, user=1.8, waiting=8.0, threads=10),
        Task(comm="payment", pid=901, user=0.2, waiting=0.8, group=VICTIM),
    )
    assert isinstance(verdict(HYPOTHESIS, machine(*tasks)), Refuted)


def test_a_group_held_back_by_its_own_quota_is_no_victim() -> None:
    def held(second: int) -> dict[str, CgroupCpu]:
        return {VICTIM: CgroupCpu(periods=10 * second, throttled_periods=9 * second, id=3)}

    assert isinstance(verdict(HYPOTHESIS, machine(*pair(), more={cgroup_cpu.SOURCE: held})), Refuted)


def test_who_reads_the_machine_is_neither() -> None:
    tasks = (
        Task(comm="kernward", pid=42, user=1.8, group="/user.slice/session-3.scope"),
        Task(comm="payment", pid=901, user=0.2, waiting=0.8, group=VICTIM),
    )
    assert isinstance(verdict(HYPOTHESIS, machine(*tasks, reader=42)), Refuted)


def test_a_group_and_what_is_below_it_are_not_neighbours() -> None:
    tasks = (
        Task(comm="build", pid=900, user=1.8, group="/ci.slice"),
        Task(comm="test", pid=901, user=0.2, waiting=0.8, group="/ci.slice/job-7"),
    )
    assert isinstance(verdict(HYPOTHESIS, machine(*tasks)), Refuted)


@pytest.mark.parametrize("cpus", [1, 2, 8])
def test_a_build_in_one_group_beside_an_idle_service_is_healthy(cpus: int) -> None:
    jobs = [Task(**{**as_fields(each), "group": "/ci.slice/build"}) for each in compile_jobs(cpus)]
    service = Task(comm="web", pid=901, user=0.01, waiting=0.01, group=VICTIM)
    assert isinstance(verdict(HYPOTHESIS, machine(*jobs, service, cpus=cpus)), Refuted)


def as_fields(task: Task) -> dict[str, object]:
    return {name: getattr(task, name) for name in task.__struct_fields__}


def test_threads_whose_waits_are_not_known_are_asked_for() -> None:
    found = verdict(HYPOTHESIS, machine(*pair(), final=False))
    assert isinstance(found, Open)


def test_without_groups_it_is_unknown() -> None:
    assert isinstance(verdict(HYPOTHESIS, view({}, {})), Unknown)
