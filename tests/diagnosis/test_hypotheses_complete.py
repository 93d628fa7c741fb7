"""Every hypothesis is whole: what it names exists, and a person can act on it."""

import ast
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import kernward.diagnosis.hypotheses
from kernward.collectors.measuring import measurements
from kernward.collectors.sources import sources
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.hypothesis import GROUPS, Hypothesis, Threshold
from kernward.events import index

ALL = list(hypotheses().values())
each_hypothesis = pytest.mark.parametrize("each", ALL, ids=lambda each: each.id)
FOLDER = Path(kernward.diagnosis.hypotheses.__file__).parent


def test_there_are_as_many_as_promised_in_every_group() -> None:
    assert len(ALL) >= 40
    assert {each.group for each in ALL} == set(GROUPS)


def test_every_file_holds_the_hypothesis_of_its_name() -> None:
    files = {path.stem.replace("_", "-") for path in FOLDER.glob("*.py") if path.stem != "__init__"}
    assert files == {each.id for each in ALL}


def test_no_two_have_one_title() -> None:
    titles = [each.title.lower() for each in ALL]
    assert sorted(titles) == sorted(set(titles))


@each_hypothesis
def test_its_signals_exist(each: Hypothesis) -> None:
    known = {**sources(), **{name: found.source for name, found in measurements().items()}}
    assert each.signals
    for signal in each.signals:
        source, _, field = signal.name.partition(".")
        assert source in known, signal.name
        assert field in known[source].quantities, signal.name
        assert signal.role


@each_hypothesis
def test_what_it_refers_to_exists(each: Hypothesis) -> None:
    ids = {other.id for other in ALL}
    assert {rival.id for rival in each.rivals} <= ids - {each.id}
    assert set(each.explains) <= ids - {each.id}
    assert set(each.asks) <= set(measurements())
    assert set(each.kinds) <= {name.replace("_", "-") for name in index.names()}


@each_hypothesis
def test_every_threshold_of_its_file_is_told(each: Hypothesis) -> None:
    values = vars(_module(each)).values()
    assert [one.name for one in values if isinstance(one, Threshold) and one not in each.thresholds] == []


@pytest.mark.parametrize("path", sorted(FOLDER.parent.rglob("*.py")), ids=lambda path: path.stem)
def test_measurements_that_a_test_speaks_of_by_name_exist(path: Path) -> None:
    spoken = {
        value.value
        for node in ast.walk(ast.parse(path.read_text()))
        for value in _names_of_measurements(node)
        if isinstance(value, ast.Constant)
    }
    assert spoken <= set(measurements())


def _names_of_measurements(node: ast.AST) -> list[ast.expr]:
    """What stands in has(…), can_ask(…) and asks=(…)."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.args if node.func.attr in ("has", "can_ask") else []
    if isinstance(node, ast.keyword) and node.arg == "asks" and isinstance(node.value, ast.Tuple):
        return node.value.elts
    return []


@each_hypothesis
def test_what_it_asks_for_it_says(each: Hypothesis) -> None:
    """Somebody who reads what a hypothesis may cost is told of every measurement that it may ask for."""
    named = {
        value.value
        for node in ast.walk(ast.parse(Path(str(_module(each).__file__)).read_text()))
        if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") == "can_ask"
        for value in _names_of_measurements(node)
        if isinstance(value, ast.Constant)
    }
    assert named <= set(each.asks)


def _module(each: Hypothesis) -> ModuleType:
    return import_module(f"{kernward.diagnosis.hypotheses.__name__}.{each.id.replace('-', '_')}")


@each_hypothesis
def test_it_says_what_somebody_needs_at_night(each: Hypothesis) -> None:
    assert re.match(r"[A-Z0-9\d]", each.title), "a heading begins with a capital letter"
    assert not each.title.endswith(".")
    assert each.claim.endswith(".")
    assert re.search(r"\w\(\)|\.[ch]\b", each.mechanism), "the mechanism names the kernel's function or file"
    assert {action.when for action in each.actions} == {"now", "for good"}
    for action in each.actions:
        assert action.text.endswith((".", ":"))
    for threshold in each.thresholds:
        assert len(threshold.reason) > 20
    assert each.rivals, "some other cause has the same symptoms"
