"""The order in which problems are shown."""

from typing import Any

from kernward.operations import ranking
from kernward.operations.tally import Tally
from kernward.records.events import Event
from tests.store.made import caused, event, kind


def ranked(*events: Event) -> list[str]:
    made = Tally()
    made.begin_source(0)
    for each in events:
        made.add(each)
    found = ranking.problems(made, lambda _: (None, ()))
    assert [each.rank for each in found] == list(range(1, len(found) + 1))
    return [each.kind for each in found]


def of(number: int, name: str, severity: str = "error", **changes: Any) -> Event:
    return event(number, **kind(name, severity=severity), **changes)


def test_the_graver_comes_first() -> None:
    assert ranked(of(0, "warn", "warning"), of(1, "panic", "fatal"), of(2, "bug")) == ["panic", "bug", "warn"]


def test_a_cause_comes_before_its_consequence() -> None:
    bug, cause = of(1, "bug"), of(0, "cause")
    assert ranked(cause, caused(bug, cause), of(2, "bug", host="web2"))[:2] == ["cause", "bug"]


def test_a_cause_is_as_grave_as_what_it_led_to() -> None:
    error, fs = of(0, "io-error", "warning"), of(1, "fs-error", "error")
    panic = of(2, "panic", "fatal")
    assert ranked(of(3, "other", "error"), error, caused(fs, error), caused(panic, fs)) == [
        "io-error",
        "fs-error",
        "panic",
        "other",
    ]


def test_one_panic_with_many_causes_comes_after_each_of_them() -> None:
    causes = [of(number, f"warning-{number}", "warning") for number in range(8)]
    panics = [caused(of(10 + number, "panic", "fatal"), cause) for number, cause in enumerate(causes)]
    assert ranked(*causes, *panics)[-1] == "panic"


def test_a_cause_now_and_then_makes_no_consequence() -> None:
    cause = of(0, "cause", "warning")
    assert (
        ranked(*(of(number, "bug") for number in range(1, 9)), cause, caused(of(9, "bug"), cause))[0] == "bug"
    )


def test_problems_that_cause_one_another_are_ranked_all_the_same() -> None:
    one, other = of(0, "one"), of(1, "other")
    assert sorted(ranked(one, caused(other, one), caused(of(2, "one"), other))) == ["one", "other"]


def test_the_wider_spread_comes_first_then_the_more_frequent_then_the_more_recent() -> None:
    wide = [of(0, "wide"), of(1, "wide", host="web2")]
    often = [of(2, "often"), of(3, "often"), of(4, "often")]
    assert ranked(*often, *wide, of(5, "old"), of(6, "recent")) == ["wide", "often", "recent", "old"]


def test_a_long_chain_of_causes_is_ranked_in_its_order() -> None:
    chain = [of(0, "k0000")]
    for number in range(1, 1500):
        chain.append(caused(of(number, f"k{number:04}"), chain[-1]))
    assert ranked(*chain) == [f"k{number:04}" for number in range(1500)]


def test_a_state_is_no_problem_unless_it_is_a_warning() -> None:
    made = Tally()
    made.begin_source(0)
    for each in (
        of(0, "boot", "info", class_="state"),
        of(1, "boot", "info", class_="state", host="web2"),
        of(2, "dropped", "warning", class_="state"),
    ):
        made.add(each)
    assert [each.kind for each in ranking.problems(made, lambda _: (None, ()))] == ["dropped"]
    assert [(each.kind, each.count, each.host_count) for each in ranking.states(made)] == [("boot", 2, 2)]
