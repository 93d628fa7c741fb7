"""Slow clock sources and clocks that leap; clocks that are as they should be."""

import pytest

from kernward.collectors.sources import clocksource, stat, wall_clock
from kernward.collectors.sources.clocksource import Clocksource
from kernward.collectors.sources.stat import Stat
from kernward.collectors.sources.wall_clock import WallClock
from kernward.diagnosis.hypotheses import clock_jump, clocksource_slow
from kernward.diagnosis.hypothesis import Refuted, Unknown, Verdict
from tests.diagnosis.kernel_log import event, log
from tests.diagnosis.windows import confirmed, verdict, view

ALL = ("tsc", "hpet", "acpi_pm")
UNSTABLE = event(
    "clocksource-unstable",
    60.0,
    "Marking clocksource 'tsc'",
    severity="warning",
    fields={"clocksource": "tsc"},
)


@pytest.mark.parametrize("slow", ["acpi_pm", "hpet"])
def test_a_device_in_place_of_a_better_clock_is_a_finding(slow: str) -> None:
    found = confirmed(clocksource_slow.HYPOTHESIS, view({clocksource.SOURCE: Clocksource(slow, ALL)}))
    assert found.scope.kind == "host"
    assert found.confidence > 0.9
    assert slow in found.mechanism


def test_a_clock_that_the_watchdog_gave_up_is_a_finding() -> None:
    reading = {
        clocksource.SOURCE: Clocksource("hpet", ("hpet", "acpi_pm")),
        **log(UNSTABLE),
    }
    assert "tsc unstable" in confirmed(clocksource_slow.HYPOTHESIS, view(reading)).mechanism


def test_in_a_virtual_machine_the_watchdogs_word_is_not_enough() -> None:
    """A virtual CPU that is kept from running looks to it like a clock that goes wrong."""
    reading = {
        clocksource.SOURCE: Clocksource("hpet", ("hpet", "acpi_pm"), virtual=True),
        **log(UNSTABLE),
    }
    assert isinstance(verdict(clocksource_slow.HYPOTHESIS, view(reading)), Unknown)


def test_a_machine_that_has_nothing_better_is_not_accused() -> None:
    found = verdict(
        clocksource_slow.HYPOTHESIS, view({clocksource.SOURCE: Clocksource("hpet", ("hpet", "acpi_pm"))})
    )
    assert isinstance(found, Unknown)


@pytest.mark.parametrize("fast", ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"])
def test_a_clock_of_the_processor_is_as_it_should_be(fast: str) -> None:
    found = verdict(
        clocksource_slow.HYPOTHESIS, view({clocksource.SOURCE: Clocksource(fast, ("kvm-clock", fast))})
    )
    assert isinstance(found, Refuted)


def test_without_a_clock_source_it_is_unknown() -> None:
    assert isinstance(verdict(clocksource_slow.HYPOTHESIS, view({})), Unknown)


def boots(*times: int, clock: WallClock | None = None) -> Verdict:
    readings = [{stat.SOURCE: Stat(boot_at_s=each)} for each in times]
    if clock is not None:
        readings = [{**each, wall_clock.SOURCE: clock} for each in readings]  # type: ignore[dict-item]
    return verdict(clock_jump.HYPOTHESIS, view(*readings))


@pytest.mark.parametrize("moved", [3600, -3600, 5])
def test_a_jump_during_the_check_is_seen(moved: int) -> None:
    found = confirmed(
        clock_jump.HYPOTHESIS,
        view(*({stat.SOURCE: Stat(boot_at_s=each)} for each in (1000, 1000, 1000 + moved))),
    )
    assert found.confidence > 0.9
    assert ("forward" if moved > 0 else "back") in found.mechanism


@pytest.mark.parametrize("offset", [3600.0, -86400.0, 30.0])
def test_an_earlier_jump_is_told_by_the_hardware_clock(offset: float) -> None:
    clock = WallClock(rtc_offset_s=offset, synchronised=False, up_s=500.0)
    reading = {stat.SOURCE: Stat(boot_at_s=1000), wall_clock.SOURCE: clock}
    found = confirmed(clock_jump.HYPOTHESIS, view(reading, reading))
    assert 0.8 < found.confidence < 0.9


def test_rounding_of_the_time_of_boot_is_no_jump() -> None:
    clock = WallClock(rtc_offset_s=0.7, synchronised=False, up_s=500.0)
    assert isinstance(boots(1000, 1001, 1000, clock=clock), Refuted)


def test_clocks_that_drifted_apart_over_a_year_did_not_jump() -> None:
    clock = WallClock(rtc_offset_s=700.0, synchronised=False, up_s=365 * 86400.0)
    assert isinstance(boots(1000, 1000, clock=clock), Refuted)


def test_with_a_time_server_it_is_the_hardware_clock_that_is_wrong() -> None:
    clock = WallClock(rtc_offset_s=3600.0, synchronised=True, up_s=500.0)
    assert isinstance(boots(1000, 1000, clock=clock), Refuted)


def test_a_hardware_clock_in_local_time_says_nothing() -> None:
    clock = WallClock(rtc_offset_s=-7200.0, rtc_local=True, synchronised=False, up_s=500.0)
    assert isinstance(boots(1000, 1000, clock=clock), Unknown)


def test_without_a_hardware_clock_earlier_jumps_are_unknown() -> None:
    assert isinstance(boots(1000, 1000, clock=WallClock(synchronised=False, up_s=5.0)), Unknown)
    assert isinstance(boots(1000, 1000), Unknown)
