"""Tests of memory meet machines on which anything may be absent, zero, reset or gone: they answer, or say why not."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.quantity import quantities
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import (
    buddyinfo,
    cgroup_cpu,
    cgroup_memory,
    cgroup_pressure,
    edac,
    kernel_events,
    meminfo,
    memory_settings,
    node,
    pagetypeinfo,
    pressure,
    process_io,
    process_status,
    processes,
    slabinfo,
    swaps,
    vmstat,
    zoneinfo,
)
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Open
from tests.diagnosis.windows import view

MEMORY = [each for each in hypotheses().values() if each.group == "memory"]
# Copied while the machines had nothing to do.
TREES = [
    Path(__file__).parents[1] / "collectors/trees" / each for each in ("guest-6.1", "guest-6.12", "host-6.18")
]
SOURCES = (
    buddyinfo.SOURCE,
    cgroup_cpu.SOURCE,
    cgroup_memory.SOURCE,
    cgroup_pressure.SOURCE,
    edac.SOURCE,
    meminfo.SOURCE,
    memory_settings.SOURCE,
    node.SOURCE,
    pagetypeinfo.SOURCE,
    pressure.SOURCE,
    process_io.SOURCE,
    process_status.SOURCE,
    processes.SOURCE,
    slabinfo.SOURCE,
    swaps.SOURCE,
    vmstat.SOURCE,
    zoneinfo.SOURCE,
)
every_hypothesis = pytest.mark.parametrize("hypothesis", MEMORY, ids=lambda each: each.id)


def some_record(record: type[msgspec.Struct], chance: random.Random) -> Any:
    """A record of this type in which each field that may be absent is so, or any number."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(record):
        if field.name not in quantities(record):
            continue
        if not field.required and chance.random() < 0.3:
            continue
        hint = str(field.type)
        number = chance.choice((0, 1, 4096, chance.randrange(1 << 20), chance.randrange(1 << 40)))
        if "tuple" in hint:
            values[field.name] = tuple(chance.randrange(1 << 12) for _ in range(chance.choice((0, 3, 11))))
        elif "bool" in hint:
            values[field.name] = chance.random() < 0.2
        elif "str" in hint and "int" not in hint:
            values[field.name] = chance.choice(("", "always", "x\x1b[2J", "D"))
        elif "float" in hint:
            values[field.name] = number / 1000
        else:
            values[field.name] = number
    return record(**values)


def some_reading(chance: random.Random) -> dict[Any, Any]:
    reading: dict[Any, Any] = {}
    for source in SOURCES:
        if chance.random() < 0.15:
            continue
        if isinstance(source, EntitySource):
            names = ("/", "/a", "/a/b\x1b", "812", "9", "kmalloc-512", "node0", "node1", "mc0/dimm1")
            some = [name for name in names if chance.random() < 0.7]
            reading[source] = {name: some_record(source.record, chance) for name in some}
        else:
            reading[source] = some_record(source.record, chance)
    kinds = (
        "oom-kill-cgroup",
        "oom-kill-global",
        "oom-no-killable",
        "memory-failure",
        "mce-logged",
        "kmemleak",
    )
    events = {}
    for kind in kinds:
        if chance.random() < 0.3:
            fields = chance.choice(
                ({}, {"oom_memcg": "/a", "comm": "x", "pid": 9, "anon_rss_kb": 5}, {"pid": None})
            )
            event = LogEvent(kind, "", "error", None, chance.choice((None, 1.0, 900.0)), "text", fields)
            events[kind] = kernel_events.KernelEvents(1, 1, event.age_s, event.age_s, "error", (event,))
    reading[kernel_events.SOURCE] = events
    return reading


@every_hypothesis
@pytest.mark.parametrize("seed", range(6))
def test_any_reading_has_an_answer(hypothesis: Hypothesis, seed: int) -> None:
    chance = random.Random(f"{hypothesis.id} {seed}")
    readings = [some_reading(chance) for _ in range(1 + seed % 5)]
    for final in (False, True):
        found = list(hypothesis.test(view(*readings, final=final)))
        assert found
        for each in found:
            if isinstance(each, Confirmed):
                assert 0 < each.confidence <= 1
                assert each.mechanism
                assert each.evidence
            else:
                assert len(found) == 1
                assert each.reason
            assert not (final and isinstance(each, Open))


@every_hypothesis
@pytest.mark.parametrize("tree", TREES, ids=lambda each: each.name)
def test_a_machine_that_rests_is_healthy(hypothesis: Hypothesis, tree: Path) -> None:
    reading: dict[Any, Any] = {}
    for source in SOURCES:
        try:
            reading[source] = (
                source.read(Root(tree), None) if isinstance(source, EntitySource) else source.read(Root(tree))
            )
        except Unavailable:
            continue
    for readings in ([reading], [reading] * 6):
        assert not any(isinstance(each, Confirmed) for each in hypothesis.test(view(*readings)))


@every_hypothesis
def test_nothing_at_all_is_unknown(hypothesis: Hypothesis) -> None:
    (found,) = hypothesis.test(view({}, {}))
    assert type(found).__name__ == "Unknown"
