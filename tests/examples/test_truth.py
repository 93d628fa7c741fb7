"""What was done to the hosts of examples/ is what kernward finds in their logs.

examples/truth.json says, for each file, which faults were injected and which kinds of event a log of
them must hold.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from kernward.events.recognise import recognise
from kernward.logs.sources import open_sources
from kernward.records.events import Event

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
TRUTH: dict[str, dict[str, Any]] = json.loads((EXAMPLES / "truth.json").read_text())
BENIGN = {"state"}


def events_of(log: Path) -> list[Event]:
    problems: list[object] = []
    events = [event for source in open_sources([log], problems=problems) for event in recognise(source)]
    assert not problems
    return events


def test_every_log_is_described_and_every_description_has_its_log() -> None:
    logs = {
        str(path.relative_to(EXAMPLES))
        for path in EXAMPLES.rglob("*")
        if path.is_file() and path.parent != EXAMPLES
    }
    assert logs == set(TRUTH)


@pytest.mark.parametrize("name", TRUTH)
def test_each_injected_fault_is_found(name: str) -> None:
    found = {event.kind for event in events_of(EXAMPLES / name)}
    expected = {kind for fault in TRUTH[name]["faults"] for kind in fault["kinds"]}
    assert expected <= found


@pytest.mark.parametrize("name", TRUTH)
def test_the_kernel_is_the_one_that_was_booted(name: str) -> None:
    kernels = {event.kernel for event in events_of(EXAMPLES / name)}
    assert kernels == {TRUTH[name]["kernel"]}


def test_hosts_of_the_folder_are_told_apart() -> None:
    problems: list[object] = []
    hosts = {
        event.host for source in open_sources([EXAMPLES], problems=problems) for event in recognise(source)
    }
    assert not problems
    assert hosts == {each["host"] for each in TRUTH.values()}


def test_examples_cover_three_kernels_eight_hosts_and_a_dozen_kinds() -> None:
    assert len({each["kernel"] for each in TRUTH.values()}) >= 3
    assert len({each["host"] for each in TRUTH.values()}) >= 8
    assert len({kind for each in TRUTH.values() for fault in each["faults"] for kind in fault["kinds"]}) >= 12
    assert {Path(name).suffix for name in TRUTH} >= {".log", ".json"}
