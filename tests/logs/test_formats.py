"""What every format must have, whichever it is."""

import importlib
import time

import pytest

from kernward.logs.choosing import choose
from kernward.logs.format import Format
from kernward.logs.formats import formats

FORMATS = pytest.mark.parametrize("form", formats(), ids=lambda form: form.name)


@FORMATS
def test_the_example_is_recognised_as_the_format(form: Format) -> None:
    chosen = choose(form.example)
    assert chosen is not None
    assert chosen.name == form.name


@FORMATS
def test_a_format_either_parses_or_decodes(form: Format) -> None:
    assert (form.parse is None) != (form.decode is None)


@FORMATS
def test_the_file_is_documented_and_named_after_the_format(form: Format) -> None:
    module = importlib.import_module(f"kernward.logs.formats.{form.name.replace('-', '_')}")
    assert module.FORMAT.name == form.name
    assert len(form.about) > 40
    assert form.summary


def test_names_are_unique() -> None:
    names = [form.name for form in formats()]
    assert len(names) == len(set(names))


def test_the_choice_does_not_depend_on_the_length_of_the_lines() -> None:
    # A bound on work: a sample of one 64 KB line is cut before anybody looks at it.
    started = time.perf_counter()
    for filler in (b"a", b"[", b"1", b" ", b"{", b'"', b"[ 1.000000] ", b"<6>"):
        choose(filler * (65536 // len(filler)))
    assert time.perf_counter() - started < 5
