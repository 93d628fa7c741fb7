"""JSON shows no character that a terminal acts on, and is read back as what it was."""

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kernward.records.safe_json import encode, pretty
from kernward.records.unsafe_text import UNSAFE


@given(st.dictionaries(st.text(), st.text()))
def test_any_text_comes_back_and_nothing_unsafe_is_shown(value: dict[str, str]) -> None:
    for raw in (encode(value), pretty(value)):
        assert msgspec.json.decode(raw) == value
        assert re.search(f"(?!\n)[{UNSAFE}]", raw.decode()) is None


def test_bidirectional_marks_and_tags_are_numbers() -> None:
    assert encode("a\u202eb\x7f\x9b\U000e0041") == b'"a\\u202eb\\u007f\\u009b\\udb40\\udc41"'
