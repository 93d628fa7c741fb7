"""How runs of `make score-diagnosis` are chosen and judged."""

from typing import Any

import pytest
from scripts.score_diagnosis.carry_out import Outcome, Truth
from scripts.score_diagnosis.judge import judge, summary
from scripts.score_diagnosis.plan import Run, guest_faults, plan

QUOTA = Truth("cpu-quota-throttling", "cgroup", "/system.slice/a.service")
LOCK = Truth("user-lock-contention", "process", "ledger")


def outcome(truths: tuple[Truth, ...], *found: tuple[str, str, str]) -> Outcome:
    findings = [{"id": id, "scope": {"kind": kind, "name": name}} for id, kind, name in found]
    check: dict[str, Any] = {"findings": findings}
    faults = tuple((each.cause, {}) for each in truths)
    return Outcome(run=Run(id="x", where="guest", faults=faults), truths=truths, check=check, seconds=7.0)


@pytest.mark.parametrize(
    ("found", "cause", "entity"),
    [
        ((("cpu-quota-throttling", "cgroup", "/system.slice/a.service"),), True, True),
        ((("cpu-quota-throttling", "cgroup", "/system.slice"),), True, False),
        ((("cpu-quota-throttling", "process", "/system.slice/a.service"),), True, False),
        # The second place is not the first.
        (
            (("cpu-steal", "host", ""), ("cpu-quota-throttling", "cgroup", "/system.slice/a.service")),
            False,
            False,
        ),
        ((), False, False),
    ],
)
def test_only_the_first_finding_counts(
    found: tuple[tuple[str, str, str], ...], cause: bool, entity: bool
) -> None:
    judged = judge(outcome((QUOTA,), *found))
    assert (judged.cause, judged.entity) == (cause, entity)


def test_a_process_is_named_with_its_id() -> None:
    assert judge(outcome((LOCK,), ("user-lock-contention", "process", "ledger[812]"))).entity is True
    assert judge(outcome((LOCK,), ("user-lock-contention", "process", "ledgers[812]"))).entity is False


def test_of_two_causes_either_may_come_first() -> None:
    judged = judge(outcome((QUOTA, LOCK), ("user-lock-contention", "process", "ledger[812]")))
    assert (judged.kind, judged.cause, judged.entity) == ("mixture", True, True)


def test_a_healthy_machine_with_a_finding_is_a_false_alarm() -> None:
    judged = [judge(outcome(())), judge(outcome((), ("cpu-steal", "host", "")))]
    assert summary(judged)["false_alarms"] == 0.5


def test_shares_count_what_could_be_judged() -> None:
    found = summary(
        [
            judge(outcome((QUOTA,), ("cpu-quota-throttling", "cgroup", "/system.slice/a.service"))),
            judge(outcome((LOCK,))),
            judge(outcome((Truth("clocksource-slow", "host", ""),), ("clocksource-slow", "host", ""))),
        ]
    )
    assert found["faulty_runs"] == 3
    assert found["right_cause_first"] == pytest.approx(2 / 3, abs=1e-4)
    # Of the two that have one; who missed the cause has not named it.
    assert found["right_entity"] == 0.5


def test_a_plan_is_the_same_for_a_seed_and_another_for_another() -> None:
    assert list(plan(7)) == list(plan(7))
    assert [run.faults for run in plan(7)] != [run.faults for run in plan(8)]


def test_a_plan_holds_every_fault_with_a_cause_on_each_series_and_enough_of_all() -> None:
    runs = list(plan(1))
    for name, fault in guest_faults().items():
        series = {run.series for run in runs if run.faults and run.faults[0][0] == name}
        assert series >= {"6.1", "6.12"} - fault.impossible.keys()
    assert sum(run.kind != "healthy" for run in runs) >= 120
    assert sum(run.kind == "healthy" for run in runs) >= 60
    assert any(run.beside for run in runs if run.kind == "fault")
    assert len({run.id for run in runs}) == len(runs)


def test_every_strength_is_one_that_the_fault_takes() -> None:
    for run in plan(3, strengths=3):
        for name, values in run.faults if run.where == "guest" else ():
            assert guest_faults()[name].values(values) == values
