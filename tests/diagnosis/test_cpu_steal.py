"""Stolen time: lasting, of a moment, since boot, and of a machine that wants none."""

from kernward.collectors.sources import stat
from kernward.collectors.sources.stat import Stat
from kernward.diagnosis.hypotheses.cpu_steal import HYPOTHESIS
from kernward.diagnosis.hypothesis import Refuted, Unknown
from tests.diagnosis.processor_windows import Task, machine
from tests.diagnosis.windows import confirmed, verdict, view


def shares(steal: float, user: float = 0.6) -> tuple[dict[str, float], dict[str, float]]:
    each = {"user": user, "steal": steal, "idle": 1 - user - steal}
    return each, each


def test_time_that_is_stolen_all_the_time_is_a_finding() -> None:
    found = confirmed(HYPOTHESIS, machine(shares=shares(0.3)))
    assert found.scope.kind == "host"
    assert abs(found.impact - 1 / 3) < 0.01


def test_a_percent_or_two_is_how_virtual_machines_are() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(shares=shares(0.012))), Refuted)


def test_a_moment_of_it_is_no_state() -> None:
    readings = [Stat(user_s=100 + n, idle_s=100 + n, steal_s=100 + (3 if n > 2 else 0)) for n in range(7)]
    found = verdict(HYPOTHESIS, view(*({stat.SOURCE: each} for each in readings)))
    assert isinstance(found, Refuted)
    assert "1 of 6 readings" in found.reason


def test_of_an_idle_machine_nothing_is_missing() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(shares=shares(0.01, user=0.01), seconds=3)), Refuted)


def test_since_boot_it_is_less_sure() -> None:
    found = confirmed(HYPOTHESIS, view({stat.SOURCE: Stat(user_s=600.0, idle_s=100.0, steal_s=300.0)}))
    assert found.confidence <= 0.5
    assert "since boot" in found.mechanism


def test_a_build_on_a_machine_of_its_own_loses_nothing() -> None:
    assert isinstance(verdict(HYPOTHESIS, machine(Task(comm="cc1", pid=5, user=2.0))), Refuted)


def test_a_kernel_that_does_not_tell_is_unknown() -> None:
    assert isinstance(verdict(HYPOTHESIS, view({stat.SOURCE: Stat(user_s=1.0, idle_s=1.0)})), Unknown)
