"""Counting: what a tally knows afterwards, and that parts add up to the whole."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.operations import ranking, tally
from kernward.operations.tally import Tally
from kernward.records.events import Event
from kernward.records.problems import Problem
from tests.store.made import BEGIN, caused, event, kind


def counted(*sources: Sequence[Event]) -> Tally:
    made = Tally()
    for place, events in enumerate(sources):
        made.begin_source(place)
        for each in events:
            made.add(each)
    return made


def problems(made: Tally) -> list[Problem]:
    return ranking.problems(made, lambda _: ("what it means", ("what to do",)))


def test_events_of_one_function_signature_are_one_problem() -> None:
    (found,) = problems(counted([event(0), event(1, host="web2", boot="b2"), event(2, kernel="6.12.1")]))
    assert (found.count, found.hosts, found.host_count, found.boots) == (3, ("web1", "web2"), 2, 2)
    assert found.kernels == {"6.1.0-47-cloud-amd64": 2, "6.12.1": 1}
    assert (found.first_seen, found.last_seen) == (BEGIN, BEGIN + timedelta(seconds=2))
    assert (found.first_monotonic_s, found.last_monotonic_s) == (100.0, 102.0)
    assert (found.meaning, found.next_steps) == ("what it means", ("what to do",))


def test_boots_of_different_hosts_with_the_same_name_are_different_boots() -> None:
    (found,) = problems(counted([event(0, boot="log#1"), event(1, boot="log#1", host="web2")]))
    assert found.boots == 2


def test_a_host_that_no_log_names_is_counted_apart() -> None:
    (found,) = problems(counted([event(0, host=None), event(1)]))
    assert (found.host_count, found.unknown_host_count) == (1, 1)


def test_the_example_is_whole_complete_and_early() -> None:
    damaged = event(0, corrupted=True, corrupted_reason="cut", text="x" * 4000)
    bare = event(1, function=None, line=None)
    first, second = event(2), event(3)
    (found,) = problems(counted([damaged, bare], [first], [second]))
    assert found.example == first
    assert found.corrupted_count == 1


def test_sources_are_named_in_order_up_to_a_bound() -> None:
    count = tally.MOST_SOURCES + 5
    (found,) = problems(counted(*([event(number, source=f"s{number}")] for number in range(count))))
    assert found.sources == tuple(f"s{number}" for number in range(tally.MOST_SOURCES))
    assert found.source_count == count


def test_a_rate_is_events_an_hour_between_the_first_and_the_last() -> None:
    (found,) = problems(counted([event(number * 600) for number in range(7)]))
    assert found.rate_per_hour == 6.0


def test_over_a_few_minutes_there_is_no_rate() -> None:
    (found,) = problems(counted([event(number * 60) for number in range(7)]))
    assert (found.count, found.rate_per_hour) == (7, None)


def test_without_a_date_a_rate_is_known_within_one_boot_only() -> None:
    one_boot = [event(number * 600, time=None) for number in range(7)]
    assert problems(counted(one_boot))[0].rate_per_hour == 6.0
    assert problems(counted([*one_boot, event(9999, time=None, boot="another")]))[0].rate_per_hour is None


def test_a_timeline_holds_every_event_in_few_bins() -> None:
    (found,) = problems(counted([event(number**3) for number in range(300)]))
    assert found.timeline is not None
    assert (found.timeline.clock, len(found.timeline.bins) <= 128) == ("utc", True)
    assert sum(each.count for each in found.timeline.bins) == 300


@pytest.mark.parametrize("second", [1e300, -5.0, float("inf"), float("nan")])
def test_a_clock_that_no_machine_reaches_is_not_believed(second: float) -> None:
    (found,) = problems(counted([event(0, monotonic_s=second, time=None)]))
    assert (found.first_monotonic_s, found.timeline) == (None, None)


def test_links_name_the_other_problem_from_both_sides() -> None:
    error = event(0, **kind("block-io-error"))
    panic = caused(event(1, **kind("panic", severity="fatal")), error)
    made = {each.kind: each for each in problems(counted([error, panic, event(2)]))}
    (cause,) = made["panic"].causes
    (consequence,) = made["block-io-error"].consequences
    assert (cause.signature, cause.title, cause.count) == ("block-io-error:f", "block-io-error", 1)
    assert (consequence.signature, consequence.reason) == ("panic:f", "the one follows from the other")


def test_a_cause_in_another_source_is_no_cause() -> None:
    error = event(0, **kind("block-io-error"))
    (panic,) = [
        each
        for each in problems(counted([error], [caused(event(1, **kind("panic")), error)]))
        if each.kind == "panic"
    ]
    assert panic.causes == ()


def test_more_different_problems_than_are_told_apart_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_PROBLEMS", 3)
    made = counted([event(number, **kind(f"k{number}")) for number in range(5)])
    assert (len(made.groups), made.left_out, made.events) == (3, 2, 5)


def test_examples_beyond_the_bound_are_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "EXAMPLES_BYTES", 20_000)
    made = counted([event(number, **kind(f"k{number}"), text="x" * 15_000) for number in range(3)])
    assert sorted(len(each.example.text) for each in problems(made)) == [2_000, 2_000, 15_000]


EVENTS = st.builds(
    event,
    st.integers(0, 10_000),
    host=st.sampled_from([None, "web1", "web2"]),
    boot=st.sampled_from([None, "b1", "b2"]),
    kernel=st.sampled_from([None, "6.1.0", "6.12.0"]),
    corrupted=st.booleans(),
    line=st.sampled_from([None, 10]),
)


@given(st.lists(st.lists(EVENTS, max_size=4), max_size=6), st.data())
def test_parts_add_up_to_the_whole_whoever_reads_which(
    sources: list[list[Event]], data: st.DataObject
) -> None:
    readers = [Tally(), Tally()]
    for place, events in enumerate(sources):
        reader = readers[data.draw(st.integers(0, 1))]
        reader.begin_source(place)
        for each in events:
            reader.add(each)
    merged = Tally()
    for number in data.draw(st.permutations([0, 1])):
        merged.merge(tally.decode(tally.encode(readers[number])))
    whole = counted(*sources)
    assert problems(merged) == problems(whole)
    assert (merged.events, merged.sources, merged.dated) == (whole.events, whole.sources, whole.dated)
    assert merged.hosts.keys() == whole.hosts.keys()
    assert {kernel: len(boots) for kernel, boots in merged.kernel_boots.items()} == {
        kernel: len(boots) for kernel, boots in whole.kernel_boots.items()
    }
