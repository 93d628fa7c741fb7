"""Nothing that somebody else wrote acts on a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.cli.terminal import escape, escape_block


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, é and 漢", "plain text, é and 漢"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31mred", "\\x9b31mred"),
        ("title\x07", "title\\x07"),
        ("a\nb\tc\r", "a\\x0ab\\x09c\\x0d"),
        ("comm\u202egnp.exe", "comm\\u202egnp.exe"),
        ("\u2066isolated\u2069", "\\u2066isolated\\u2069"),
        ("\u200binvisible", "\\u200binvisible"),
        ("tag\U000e0041", "tag\\U000e0041"),
        (b"no utf-8: \xff".decode(errors="surrogateescape"), "no utf-8: \\xff"),
        ("", ""),
    ],
)
def test_escape_shows_control_characters_by_number(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_a_block_keeps_its_lines_and_tabs() -> None:
    assert escape_block("a\n\tb\r\n\x1b[2J") == "a\n\tb\\x0d\n\\x1b[2J"


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_nothing_that_a_terminal_acts_on_is_left(text: str) -> None:
    for shown, allowed in ((escape(text), ""), (escape_block(text), "\n\t")):
        assert not [
            c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} and c not in allowed
        ]
        assert not [c for c in shown if unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRE", "PDF"}]
        shown.encode()
