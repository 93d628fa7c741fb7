"""Which cgroups are read where there are too many."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter
from kernward.collectors.sample import Sample
from kernward.collectors.selection import FULL, Selection
from kernward.collectors.source import EntitySource


class Group(msgspec.Struct, frozen=True):
    used_s: Annotated[float | None, counter("s", "time")] = None


def source(name: str) -> EntitySource[Group]:
    return EntitySource(
        name=name, doc="", files=("/x",), record=Group, read=lambda root, some: {}, scope="cgroup"
    )


CPU, IO = source("cpu"), source("io")


def sample(cpu: dict[str, Group], io: dict[str, Group]) -> Sample:
    return Sample(
        host="web1",
        boot_id="b",
        kernel=None,
        at_utc=datetime(2026, 1, 2, tzinfo=UTC),
        at_s=1.0,
        read={"cpu": cpu, "io": io},
        read_at_s={},
    )


GROUPS = {f"/{number}": Group(0.0) for number in range(50)}


def test_few_are_read_without_restriction() -> None:
    chosen = Selection([CPU, IO], 60)
    for _ in range(3):
        assert chosen.entities() == {}
        chosen.seen(sample(GROUPS, GROUPS))
    assert (chosen.there, chosen.shown()) == (50, None)


def test_of_many_the_busiest_in_any_source_are_read_in_all_sources() -> None:
    chosen = Selection([CPU, IO], 4)
    chosen.seen(sample(GROUPS | {"/7": Group(9.0)}, GROUPS | {"/8": Group(1.0)}))
    entities = chosen.entities()
    assert entities["cpu"] == entities["io"]
    assert {"/7", "/8"} <= set(entities["cpu"])
    assert len(entities["cpu"]) <= 4


def test_all_are_looked_at_now_and_then() -> None:
    chosen = Selection([CPU], 4)
    restricted = []
    for _ in range(2 * FULL):
        restricted.append(bool(chosen.entities()))
        chosen.seen(sample(GROUPS, {}))
    assert restricted == [False] + [True] * (FULL - 1) + [False] + [True] * (FULL - 1)
    assert chosen.there == 50
