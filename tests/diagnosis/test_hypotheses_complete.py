"""Every hypothesis is whole: what it names exists, and a person can act on it."""

import re
from pathlib import Path

import pytest

import kernward.diagnosis.hypotheses
from kernward.collectors.measuring import measurements
from kernward.collectors.sources import sources
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.hypothesis import GROUPS, Hypothesis
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
