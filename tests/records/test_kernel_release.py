"""Kernel releases as distributions write them, in order."""

import itertools

import pytest

from kernward.records.kernel_release import is_later, order

FROM_EARLY_TO_LATE = [
    "2.6.32-754.el6.x86_64",
    "4.18.0-513.24.1.el8_9.x86_64",
    "5.4.0-1100-aws",
    "5.14.0-427.el9.x86_64",
    "5.14.0-427.13.1.el9_4.x86_64",
    "6.1.0-9-amd64",
    "6.1.0-47-cloud-amd64",
    "6.1.112-122.189.amzn2023.x86_64",
    "6.8.0-31-generic",
    "6.8.0-101-generic",
    "6.12.0-rc3-00012-gabcdef012345",
    "6.12.0-rc10",
    "6.12.0",
    "6.12.9-1-pve",
    "6.12.57+deb13-amd64",
    "6.12.107+deb12",
    "6.17.0",
]


@pytest.mark.parametrize(("early", "late"), list(itertools.combinations(FROM_EARLY_TO_LATE, 2)))
def test_later_releases_sort_after_earlier_ones(early: str, late: str) -> None:
    assert is_later(late, early) is True
    assert is_later(early, late) is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("6.1.0-47-amd64", "6.1.0-47-cloud-amd64"),
        ("6.12", "6.12.0"),
        ("v6.12.3", "6.12.3"),
        ("6.12.107+deb12-amd64", "6.12.107+deb13-amd64"),
    ],
)
def test_flavours_of_one_build_are_equal(one: str, other: str) -> None:
    assert order(one) == order(other)
    assert is_later(one, other) is False


@pytest.mark.parametrize("text", ["", "six", "6", "-47", "9" * 10_000, "\x1b[31m"])
def test_what_is_no_release_is_neither_earlier_nor_later(text: str) -> None:
    assert order(text) is None
    assert is_later(text, "6.12.0") is None
    assert is_later("6.12.0", text) is None
