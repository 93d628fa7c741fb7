"""How numbers and times are said."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kernward.cli.wording import first_sentence, kernels, many, size, span

NOON = datetime(2026, 1, 2, 12, 0, 10, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (timedelta(0), "2026-01-02 12:00:10"),
        (timedelta(milliseconds=100), "2026-01-02 12:00:10"),
        (timedelta(seconds=20), "2026-01-02 12:00:10–30"),
        (timedelta(minutes=90), "2026-01-02 12:00–13:30"),
        (timedelta(days=60), "2026-01-02–2026-03-03"),
    ],
)
def test_a_span_is_as_exact_as_it_is_short(later: timedelta, expected: str) -> None:
    assert span(NOON, NOON + later) == expected


def test_times_are_said_in_utc() -> None:
    assert span(NOON, NOON.astimezone(timezone(timedelta(hours=9)))) == "2026-01-02 12:00:10"


@pytest.mark.parametrize(
    ("count_bytes", "expected"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (123_456, "123 kB"),
        (2_500_000_000, "2.5 GB"),
        (10**16, "1e+04 TB"),
    ],
)
def test_sizes_have_three_digits(count_bytes: int, expected: str) -> None:
    assert size(count_bytes) == expected


def test_counts_agree_with_their_noun() -> None:
    assert [many(1, "boot"), many(0, "boot"), many(12_345, "boot")] == ["1 boot", "0 boots", "12,345 boots"]


def test_the_most_frequent_kernels_come_first() -> None:
    assert kernels({"a": 1, "b": 3, "c": 2, "d": 1, "e\x1b": 9}) == "e\\x1b, b, c and 2 more"


def test_a_first_sentence_ends_at_its_full_stop() -> None:
    assert first_sentence("The 6.1 kernel did it. Then more.") == "The 6.1 kernel did it."
    assert first_sentence("Only one") == "Only one"
