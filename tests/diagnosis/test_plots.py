"""The course of what decided is drawn where a hypothesis draws nothing itself."""

import pytest

from kernward.collectors.sources.loadavg import Loadavg
from kernward.collectors.sources.processes import Process
from kernward.collectors.window import Window
from kernward.diagnosis.plots import plots_of
from kernward.records.check import Scope
from tests.diagnosis.making import evidence, sample


def process(user_s: float | None) -> Process:
    return Process("app", "R", 1, 5.0, False, user_s=user_s, rss_bytes=1000)


WINDOW = Window(
    [
        sample(
            100.0 + 2 * number, loadavg=Loadavg(load_1m=float(number)), processes={"7": process(3.0 * number)}
        )
        for number in range(5)
    ]
)
APP = Scope("process", "app[7]")


def test_gauges_are_drawn_as_they_were() -> None:
    (plot,) = plots_of(WINDOW, [evidence("loadavg.load_1m")])
    assert plot.values == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert plot.at_utc[0] == WINDOW.first.at_utc


def test_counters_are_drawn_as_rates() -> None:
    (plot,) = plots_of(WINDOW, [evidence("processes.user_s", APP)])
    assert plot.values == pytest.approx((1.5,) * 4)
    assert (plot.unit, plot.scope) == ("s/s", APP)


@pytest.mark.parametrize(
    ("signal", "scope"),
    [
        ("nowhere.field", Scope()),
        ("loadavg.nothing", Scope()),
        ("processes.comm", APP),
        ("processes.user_s", Scope()),
        ("processes.user_s", Scope("process", "app[8]")),
        ("no signal", Scope()),
    ],
)
def test_what_has_no_course_is_not_drawn(signal, scope) -> None:
    assert plots_of(WINDOW, [evidence(signal, scope)]) == ()


def test_two_points_are_no_course() -> None:
    assert plots_of(Window(WINDOW.samples[:2]), [evidence("loadavg.load_1m")]) == ()
