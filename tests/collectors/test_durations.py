"""Histograms of durations."""

import pytest

from kernward.collectors.durations import ITEMS, at_least, begins_s, item, quantile_s


@pytest.mark.parametrize("number", range(1, ITEMS))
def test_an_item_begins_where_the_one_before_ends(number: int) -> None:
    assert item(begins_s(number)) == number
    assert item(begins_s(number) * 0.999) == number - 1


def test_what_is_longer_than_all_is_in_the_last() -> None:
    assert item(1e6) == ITEMS - 1


def test_a_quantile_is_within_a_factor_of_two() -> None:
    counts = [0] * ITEMS
    for duration_s in (3e-6, 50e-6, 50e-6, 50e-6, 0.2):
        counts[item(duration_s)] += 1
    median_s = quantile_s(counts, 0.5)
    assert median_s is not None
    assert 25e-6 <= median_s <= 100e-6


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile_s([0] * ITEMS, 0.5) is None


def test_at_least_counts_whole_items() -> None:
    counts = [0] * ITEMS
    counts[item(0.001)] += 3
    counts[item(0.1)] += 2
    assert at_least(counts, 0.01) == 2
