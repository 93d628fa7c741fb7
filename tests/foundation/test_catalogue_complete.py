"""Every kind of the catalogue says all that `kernward explain` promises; also run by `make lint`.

Whether a kind recognises what it claims is the business of tests/events; here it is asked whether
somebody who reads its page learns what it means and what to do.
"""

import ast
import re
from typing import get_args

import pytest

from kernward.events import index
from kernward.events.kind import Kind
from kernward.records.events import SEVERITIES, EventClass

# A quantity without its unit is a trap: these words ask for one of the suffixes.
QUANTITY = re.compile(
    r"time|timeout|duration|elapsed|delay|age|latency|period|interval|size|length|memory|rss|vm|swap|bytes|"
    r"temperature|frequency|speed|bandwidth|load"
)
UNIT = re.compile(
    r"(?:^|_)(?:s|seconds|ms|us|ns|jiffies|hz|khz|mhz|bytes|bits|kb|kib|mib|gib|mb|pages|sectors|blocks|frames|packets|"
    r"percent|celsius|mbps|gtps|count|utc)$"
)
TYPES = {"int", "float", "hex", "str", "bool", "list", "map"}
# A file of the kernel's source, or who else prints it: an out-of-tree driver, journald.
PRINTED_BY = re.compile(r"[\w.-]+/[\w./*{},<>-]+|\bdriver\b")

pytestmark = pytest.mark.parametrize("name", index.names())


@pytest.fixture
def kind(name: str) -> Kind:
    return index.kind(name.replace("_", "-"))


def words(text: str) -> int:
    return len(text.split())


def test_module_opens_with_what_it_is(name: str) -> None:
    docstring = ast.get_docstring(ast.parse((index.FOLDER / f"{name}.py").read_text()))
    assert docstring
    assert words(docstring) >= 3


def test_is_classified(kind: Kind) -> None:
    assert kind.class_ in get_args(EventClass)
    assert kind.severity in SEVERITIES
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.id)
    assert kind.title.strip() == kind.title != ""


def test_texts_are_there_and_long_enough(kind: Kind) -> None:
    assert words(kind.meaning) >= 20
    assert kind.meaning.rstrip().endswith((".", ")"))
    assert kind.next_steps
    assert all(words(step) >= 2 for step in kind.next_steps)
    assert kind.confused_with
    assert all(words(other) >= 3 for other in kind.confused_with)


def test_names_the_kernel_files_that_print_it(kind: Kind) -> None:
    assert kind.printed_by
    for place in kind.printed_by:
        assert PRINTED_BY.search(place), place


def test_fields_are_typed_explained_and_carry_their_unit(kind: Kind) -> None:
    names = [field.name for field in kind.fields]
    assert len(names) == len(set(names))
    for field in kind.fields:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", field.name)
        assert field.type in TYPES
        assert field.doc.strip(), field.name
        if field.type == "float" or (
            field.type == "int" and QUANTITY.fullmatch(field.name.rsplit("_", 1)[-1])
        ):
            assert UNIT.search(field.name), f"{field.name} does not say its unit"


def test_has_an_example_and_a_near_miss(kind: Kind) -> None:
    assert any(pattern.literal in kind.example for pattern in kind.patterns)
    assert kind.near_miss.strip()
    assert kind.near_miss != kind.example


def test_what_it_refers_to_is_there(kind: Kind) -> None:
    assert not {id for id in kind.absorbs if id.replace("-", "_") not in index.names()}
    fields = {field.name for field in kind.fields} | {"function"}
    for title in (kind.title, *kind.alt_titles, kind.title_without_function or ""):
        assert not set(re.findall(r"\{(\w+)\}", title)) - fields, title
    assert not set(kind.key) - fields


def test_has_a_case(name: str, project) -> None:
    assert list((project / "tests/events/cases").glob(f"{name.replace('_', '-')}*.case"))
