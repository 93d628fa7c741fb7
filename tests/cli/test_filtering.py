"""How times are given on the command line."""

from datetime import UTC, datetime

import pytest

from kernward.cli.filtering import moment

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h", "2026-11-20T12:00:00"),
        ("7d", "2026-11-14T12:00:00"),
        ("90s", "2026-11-21T11:58:30"),
        ("2w", "2026-11-07T12:00:00"),
        ("2026-11-01", "2026-11-01T00:00:00"),
        ("2026-11-01T08:30", "2026-11-01T08:30:00"),
        ("2026-11-01 08:30:05", "2026-11-01T08:30:05"),
        ("2026-11-01T08:30+02:00", "2026-11-01T06:30:00"),
        ("2026-11-01T08:30Z", "2026-11-01T08:30:00"),
    ],
)
def test_a_time_is_a_date_or_how_long_ago(text: str, expected: str) -> None:
    assert moment(text, NOW) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "7", "d", "7 d", "-7d", "9999999d", "999999w", "2026-13-01"]
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whatever the standard library says
        moment(text, NOW)
