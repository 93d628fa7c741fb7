"""Real machines that were broken on purpose, and healthy ones: what a check read of them, and what it must find.

Each file is what `kernward check --keep` wrote in a guest; truth.json says what had been done to it. A
cause is told first, with its entity, and nothing is found where nothing is wrong. The same recordings with fields,
entities and samples taken out or changed must never make a test fail.
"""

import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from kernward.collectors.measuring import measurements
from kernward.collectors.sample import Sample
from kernward.collectors.snapshot_file import read
from kernward.collectors.source import AnySource, Source
from kernward.collectors.sources import sources
from kernward.collectors.window import Window
from kernward.diagnosis.engine import test as verdicts_of
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.hypothesis import Unknown
from kernward.diagnosis.view import View
from kernward.operations.check import check_recording

FOLDER = Path(__file__).parent / "recordings"
TRUTH: dict[str, list[dict[str, str]]] = json.loads((FOLDER / "truth.json").read_text())
KNOWN: dict[str, AnySource] = {**sources(), **{name: each.source for name, each in measurements().items()}}


def test_every_recording_has_its_truth() -> None:
    assert {path.stem for path in FOLDER.glob("*.snapshot")} == set(TRUTH)


@pytest.mark.parametrize("name", TRUTH)
def test_what_was_broken_is_found_and_nothing_where_nothing_was(name: str) -> None:
    check = check_recording(FOLDER / f"{name}.snapshot")
    found = [(each.id, each.scope.kind, each.scope.name.partition("[")[0]) for each in check.findings]
    true = [(each["cause"], each["kind"], each["entity"]) for each in TRUTH[name]]
    assert found[:1] == [each for each in true if each in found[:1]], (true, found)
    assert bool(found) == bool(true)
    for each in check.unknown:
        assert "a fault of kernward" not in each.reason, (each.id, each.reason)


@pytest.mark.parametrize("name", TRUTH)
def test_no_test_fails_whatever_is_missing_or_changed(name: str) -> None:
    samples = read(FOLDER / f"{name}.snapshot", KNOWN).samples
    for seed in range(12):
        chance = Random(f"{name} {seed}")
        window = Window(list(spoilt(samples[: chance.choice((1, 2, 3, 99))], chance)))
        for final in (False, True):
            for each in verdicts_of(View(window, final=final), list(hypotheses().values())):
                (first, *_) = each.verdicts
                if isinstance(first, Unknown):
                    assert "a fault of kernward" not in first.reason, (seed, each.hypothesis.id, first.reason)


def spoilt(samples: tuple[Sample, ...], chance: Random) -> Any:
    """The samples without some sources and entities, and with fields that are absent or of another size."""
    often, lost = chance.choice((0.02, 0.1, 0.4)), chance.choice((0.0, 0.1, 0.4))
    gone = {name for name in KNOWN if chance.random() < lost}
    for sample in samples:
        kept = {}
        for name, records in sample.read.items():
            if name in gone or chance.random() < lost / 3:
                continue
            if isinstance(KNOWN[name], Source):
                kept[name] = changed(records, chance, often)
            else:
                kept[name] = {
                    entity: changed(record, chance, often)
                    for entity, record in records.items()
                    if chance.random() > 0.05
                }
        yield msgspec.structs.replace(sample, read=kept)


def changed(record: Any, chance: Random, often: float) -> Any:
    changes: dict[str, Any] = {}
    for field in msgspec.structs.fields(type(record)):
        if chance.random() >= often:
            continue
        value = getattr(record, field.name)
        if field.default is None and chance.random() < 0.5:
            changes[field.name] = None
        elif isinstance(value, bool):
            continue
        elif isinstance(value, int):
            changes[field.name] = chance.choice((0, 1, value + 10**6, 1 << 63, value // 2))
        elif isinstance(value, float):
            changes[field.name] = chance.choice((0.0, value * 1000, value / 7, 1e18))
    return msgspec.structs.replace(record, **changes)
