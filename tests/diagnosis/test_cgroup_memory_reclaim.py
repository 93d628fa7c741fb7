"""A cgroup at its memory limit: one that suffers, one that streams, one of version 1, one that is far from it."""

from typing import Any

from kernward.collectors.sources import (
    cgroup_cpu,
    cgroup_memory,
    cgroup_pressure,
    cgroup_trees,
    process_cgroups,
    processes,
)
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
from kernward.collectors.sources.cgroup_memory import CgroupMemory
from kernward.collectors.sources.cgroup_pressure import CgroupPressure
from kernward.collectors.sources.cgroup_trees import CgroupTree
from kernward.collectors.sources.process_cgroups import ProcessCgroups
from kernward.collectors.sources.processes import Process
from kernward.diagnosis.hypotheses.cgroup_memory_reclaim import HYPOTHESIS
from kernward.diagnosis.hypothesis import Confirmed, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.windows import confirmed, verdict, verdicts, view

GROUP = "/system.slice/search.service"
MIB = 1 << 20


def reading(
    second: int,
    *,
    waits: float | None = 0.0,
    reads: float = 0.0,
    works: float = 0.0,
    name: str = GROUP,
    **a_second: int,
) -> dict[Any, Any]:
    """A group at its memory.high of 24 MiB whose counters grow by so much a second."""
    counters = {field: 1000 + second * each for field, each in a_second.items()}
    group = CgroupMemory(**{"usage_bytes": 24 * MIB, "high_bytes": 24 * MIB, "high_events": 0, **counters})
    found: dict[Any, Any] = {
        cgroup_memory.SOURCE: {"/": CgroupMemory(), name: group},
        cgroup_cpu.SOURCE: {name: CgroupCpu(system_s=4.0 + works * second)},
    }
    if waits is not None:
        found[cgroup_pressure.SOURCE] = {
            name: CgroupPressure(memory_some_s=5.0 + waits * second, io_some_s=2.0 + reads * second)
        }
    return found


def seconds(count: int = 6, **a_second: Any) -> View:
    return view(*(reading(second, **a_second) for second in range(count)))


def test_a_group_whose_tasks_wait_at_memory_high_is_found_with_its_figures() -> None:
    found = confirmed(
        HYPOTHESIS, seconds(waits=0.6, high_events=40, refaulted_file_pages=900, reclaimed_pages=1000)
    )
    assert (found.scope.kind, found.scope.name) == ("cgroup", GROUP)
    assert found.confidence >= 0.9
    assert 0.55 < found.impact < 0.65
    assert "memory.high = 24.0 MiB" in found.mechanism
    assert {each.signal for each in found.evidence} >= {
        "cgroup_memory.high_events",
        "cgroup_pressure.memory_some_s",
        "cgroup_memory.refaulted_file_pages",
    }


def test_a_group_that_sleeps_for_anonymous_memory_reclaims_nothing_and_is_found() -> None:
    found = confirmed(HYPOTHESIS, seconds(waits=0.95, high_events=1))
    assert found.impact > 0.9


def test_a_wait_for_io_counts_where_what_is_evicted_is_read_again() -> None:
    pages = {"high_events": 90, "refaulted_file_pages": 40_000, "reclaimed_pages": 41_000}
    found = confirmed(HYPOTHESIS, seconds(waits=0.02, reads=0.7, **pages))
    assert 0.7 < found.impact < 0.75
    assert "cgroup_pressure.io_some_s" in {each.signal for each in found.evidence}


def test_on_a_fast_device_the_processor_time_of_reading_again_counts() -> None:
    pages = {"high_events": 90, "refaulted_file_pages": 40_000, "reclaimed_pages": 41_000}
    assert confirmed(HYPOTHESIS, seconds(waits=0.02, reads=0.03, works=0.6, **pages)).impact > 0.6
    assert isinstance(verdict(HYPOTHESIS, seconds(waits=0.02, reads=0.03, works=0.01, **pages)), Refuted)


def test_a_wait_for_io_of_data_that_is_used_once_is_not_one_for_memory() -> None:
    pages = {"high_events": 90, "refaulted_file_pages": 4_000, "reclaimed_pages": 41_000}
    assert isinstance(verdict(HYPOTHESIS, seconds(waits=0.02, reads=0.7, **pages)), Refuted)


def test_a_copy_in_a_container_recycles_its_pages_and_is_healthy() -> None:
    found = verdict(
        HYPOTHESIS, seconds(waits=0.15, high_events=400, reclaimed_pages=50_000, refaulted_file_pages=20)
    )
    assert isinstance(found, Refuted)
    assert GROUP in found.reason


def test_a_group_that_meets_its_limit_and_hardly_waits_is_healthy() -> None:
    found = verdict(
        HYPOTHESIS, seconds(waits=0.01, high_events=3, refaulted_file_pages=2, reclaimed_pages=10)
    )
    assert isinstance(found, Refuted)


def test_pressure_without_a_limit_that_is_met_is_somebody_elses() -> None:
    found = verdict(HYPOTHESIS, seconds(waits=0.9, refaulted_file_pages=5000))
    assert isinstance(found, Refuted)
    assert found.reason == "no cgroup met a limit of its own"


def test_version_1_has_no_pressure_and_refaults_decide() -> None:
    def version_1(second: int, refaults: int) -> dict[Any, Any]:
        group = CgroupMemory(
            usage_bytes=50 * MIB,
            limit_bytes=50 * MIB,
            max_events=100 + 60 * second,
            refaulted_file_pages=refaults * second,
        )
        trees = {"memory": CgroupTree("/sys/fs/cgroup/memory")}
        return {cgroup_memory.SOURCE: {GROUP: group}, cgroup_trees.SOURCE: trees}

    found = confirmed(HYPOTHESIS, view(*(version_1(second, 5000) for second in range(6))))
    assert found.scope.name == GROUP
    assert found.confidence < 0.9
    assert "memory.limit_in_bytes = 50.0 MiB" in found.mechanism
    assert any(each.source == f"/sys/fs/cgroup/memory{GROUP}/memory.failcnt" for each in found.evidence)
    assert isinstance(verdict(HYPOTHESIS, view(*(version_1(second, 10) for second in range(6)))), Refuted)


def test_in_version_1_what_its_processes_do_tells_how_much_it_costs() -> None:
    def version_1(second: int, works: float, refaults: int = 500) -> dict[Any, Any]:
        group = CgroupMemory(
            limit_bytes=50 * MIB, max_events=60 * second, refaulted_file_pages=refaults * second
        )
        return {
            cgroup_memory.SOURCE: {GROUP: group},
            process_cgroups.SOURCE: {
                "812": ProcessCgroups("/", {"memory": f"{GROUP}/worker"}),
                "9": ProcessCgroups("/", {"memory": "/elsewhere"}),
            },
            processes.SOURCE: {
                "812": Process("search", "R", 1, 5.0, False, system_s=works * second),
                "9": Process("other", "D", 1, 5.0, False, system_s=0.9 * second),
            },
        }

    found = confirmed(HYPOTHESIS, view(*(version_1(second, 0.4) for second in range(6))))
    assert 0.35 < found.impact < 0.45
    starved = confirmed(HYPOTHESIS, view(*(version_1(second, 0.01, 9000) for second in range(6))))
    assert starved.scope.name == GROUP
    assert isinstance(verdict(HYPOTHESIS, view(*(version_1(second, 0.01) for second in range(6)))), Refuted)


def test_each_group_that_suffers_is_named() -> None:
    one = [reading(second, waits=0.5, high_events=40) for second in range(6)]
    other = [reading(second, waits=0.7, high_events=40, name="/b") for second in range(6)]
    both = [
        {source: {**first[source], **second[source]} for source in first}
        for first, second in zip(one, other, strict=True)
    ]
    found = verdicts(HYPOTHESIS, view(*both))
    assert {each.scope.name for each in found if isinstance(each, Confirmed)} == {GROUP, "/b"}


def test_of_thousands_of_groups_the_heaviest_are_named() -> None:
    def many(second: int) -> dict[Any, Any]:
        groups = {
            f"/{number}": CgroupMemory(high_bytes=MIB, high_events=9 * second) for number in range(2000)
        }
        waits = {
            f"/{number}": CgroupPressure(memory_some_s=(0.2 + number / 4000) * second)
            for number in range(2000)
        }
        return {cgroup_memory.SOURCE: groups, cgroup_pressure.SOURCE: waits}

    found = verdicts(HYPOTHESIS, view(many(0), many(1), many(2)))
    assert [each.scope.name for each in found if isinstance(each, Confirmed)][:2] == ["/1999", "/1998"]
    assert len(found) < 20
    assert isinstance(found[0], Confirmed)
    assert "1988 cgroups more suffer" in found[0].mechanism


def test_a_copied_tree_without_pressure_is_not_guessed_at() -> None:
    found = verdict(HYPOTHESIS, view(reading(1, waits=None, high_events=70_000)))
    assert isinstance(found, Unknown)
    assert "nothing tells when" in found.reason


def test_a_copied_tree_with_pressure_of_now_is_believed_less() -> None:
    tree = reading(1, waits=None, high_events=70_000)
    tree[cgroup_pressure.SOURCE] = {GROUP: CgroupPressure(memory_some_10s_percent=45.0)}
    found = confirmed(HYPOTHESIS, view(tree))
    assert found.confidence <= 0.6
    assert "since it was made" in found.evidence[0].says


def test_a_machine_without_memory_cgroups_is_unknown() -> None:
    seen = view({}, {}, absent={cgroup_memory.SOURCE: "/sys/fs/cgroup: no hierarchy with memory"})
    assert isinstance(verdict(HYPOTHESIS, seen), Unknown)
