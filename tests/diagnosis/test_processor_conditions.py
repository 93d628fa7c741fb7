"""Heat, real-time tasks, open flaws and foreign modules: each only where something shows it."""

import pytest

from kernward.collectors.sources import (
    cpufreq,
    scheduler_settings,
    taint,
    thermal,
    vulnerabilities,
)
from kernward.collectors.sources.cpufreq import Cpufreq
from kernward.collectors.sources.scheduler_settings import SchedulerSettings
from kernward.collectors.sources.taint import Taint
from kernward.collectors.sources.thermal import Thermal
from kernward.collectors.sources.vulnerabilities import Vulnerability
from kernward.diagnosis.hypotheses import (
    kernel_tainted,
    mitigation_off,
    real_time_throttling,
    thermal_throttling,
)
from kernward.diagnosis.hypothesis import Refuted, Unknown
from tests.diagnosis.kernel_log import event, log
from tests.diagnosis.processor_windows import Task, compile_jobs, machine
from tests.diagnosis.windows import confirmed, verdict, view


def clocks(slowed_s: float | None, times: int | None = None) -> dict[str, Cpufreq]:
    return {
        "cpu0": Cpufreq(
            current_hz=1_200_000_000, highest_hz=3_600_000_000, throttles=times, throttled_s=slowed_s
        )
    }


def test_a_processor_that_heat_slows_down_is_a_finding() -> None:
    readings = [{cpufreq.SOURCE: clocks(0.4 * second, second)} for second in range(7)]
    found = confirmed(thermal_throttling.HYPOTHESIS, view(*readings))
    assert "for 40% of the time" in found.mechanism


def test_kernels_that_count_only_how_often_are_believed_when_it_is_often() -> None:
    readings = [{cpufreq.SOURCE: clocks(None, 3 * second)} for second in range(7)]
    assert confirmed(thermal_throttling.HYPOTHESIS, view(*readings)).confidence < 0.9


def test_what_was_hot_before_the_check_is_not_hot_now() -> None:
    readings = [{cpufreq.SOURCE: clocks(500.0, 90000)} for _ in range(7)]
    assert isinstance(verdict(thermal_throttling.HYPOTHESIS, view(*readings)), Refuted)


def test_a_zone_at_its_trip_point_is_a_finding() -> None:
    zone = {"thermal_zone0": Thermal("x86_pkg_temp", 96.0, 95.0, None, 105.0)}
    assert confirmed(thermal_throttling.HYPOTHESIS, view({thermal.SOURCE: zone}, {thermal.SOURCE: zone}))


def test_a_warm_zone_is_none() -> None:
    zone = {"thermal_zone0": Thermal("x86_pkg_temp", 71.0, 95.0, None, 105.0)}
    found = verdict(thermal_throttling.HYPOTHESIS, view({thermal.SOURCE: zone}, {thermal.SOURCE: zone}))
    assert isinstance(found, Refuted)
    assert "71 °C" in found.reason


def test_a_virtual_machine_does_not_know() -> None:
    assert isinstance(verdict(thermal_throttling.HYPOTHESIS, machine()), Unknown)


def test_a_real_time_task_that_never_pauses_is_named() -> None:
    task = Task(comm="codec", pid=900, user=0.97, policy=1)
    settings = {scheduler_settings.SOURCE: SchedulerSettings(rt_runtime_s=0.95, rt_period_s=1.0)}
    found = confirmed(real_time_throttling.HYPOTHESIS, machine(task, more=settings))
    assert (found.scope.kind, found.scope.name) == ("process", "codec[900]")
    assert "up to 0.95 s of each 1 s" in found.mechanism


def test_a_real_time_task_that_sleeps_is_as_it_should_be() -> None:
    found = verdict(real_time_throttling.HYPOTHESIS, machine(Task(comm="audio", pid=900, user=0.1, policy=2)))
    assert isinstance(found, Refuted)


def test_a_normal_task_may_use_a_cpu() -> None:
    assert isinstance(verdict(real_time_throttling.HYPOTHESIS, machine(*compile_jobs(2))), Refuted)


def test_the_kernels_word_counts_while_it_is_recent() -> None:
    assert confirmed(real_time_throttling.HYPOTHESIS, machine(more=log(event("rt-throttling"))))
    old = machine(more=log(event("rt-throttling", 9000.0)))
    assert isinstance(verdict(real_time_throttling.HYPOTHESIS, old), Refuted)


def test_an_open_flaw_makes_nothing_slow() -> None:
    found = verdict(
        mitigation_off.HYPOTHESIS,
        machine(more={vulnerabilities.SOURCE: {"mds": Vulnerability("Vulnerable")}}),
    )
    assert isinstance(found, Refuted)
    assert "mds" in found.reason


def test_an_open_flaw_that_crashes_beside_a_machine_check_is_suspected() -> None:
    more = {
        vulnerabilities.SOURCE: {"itlb_multihit": Vulnerability("KVM: Vulnerable")},
        **log(event("mce-uncorrected")),
    }
    assert confirmed(mitigation_off.HYPOTHESIS, machine(more=more)).confidence < 0.5


def test_closed_flaws_are_counted() -> None:
    more = {vulnerabilities.SOURCE: {"meltdown": Vulnerability("Mitigation: PTI")}}
    assert isinstance(verdict(mitigation_off.HYPOTHESIS, machine(more=more)), Refuted)
    assert isinstance(verdict(mitigation_off.HYPOTHESIS, machine()), Unknown)


@pytest.mark.parametrize(("letters", "modules"), [("", ("zfs",)), ("W", ("ext4",)), ("POE", ())])
def test_a_taint_alone_explains_nothing(letters: str, modules: tuple[str, ...]) -> None:
    more = {
        taint.SOURCE: Taint(1, letters),
        **log(event("oops", severity="fatal", modules=modules)),
    }
    assert isinstance(verdict(kernel_tainted.HYPOTHESIS, machine(more=more)), Refuted)


def test_a_module_in_the_stack_of_a_tainted_kernel_is_suspected_and_no_more() -> None:
    more = {
        taint.SOURCE: Taint(12289, "POE"),
        **log(event("oops", severity="fatal", modules=("nvidia",))),
    }
    found = confirmed(kernel_tainted.HYPOTHESIS, machine(more=more))
    assert found.confidence < 0.5
    assert "nvidia" in found.mechanism


def test_what_was_reported_long_ago_explains_nothing_now() -> None:
    more = {
        taint.SOURCE: Taint(12289, "POE"),
        **log(event("oops", 90000.0, severity="fatal", modules=("nvidia",))),
    }
    assert isinstance(verdict(kernel_tainted.HYPOTHESIS, machine(more=more)), Refuted)
