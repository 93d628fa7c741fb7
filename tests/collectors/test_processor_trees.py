"""Sources of processors and cgroups agree with what kernels 6.1 and 6.12 show, with cgroups of version 1 and 2.

Each tree was copied from a machine on which a group with a quota of 20 ms in 100 ms computed for three seconds.
"""

from pathlib import Path

import msgspec
import pytest

from kernward.collectors.root import Root
from kernward.collectors.sources import (
    cgroup_cpu,
    cgroup_io,
    cgroup_memory,
    cgroup_pids,
    cgroup_pressure,
    clocksource,
    cpu,
    interrupts,
    loadavg,
    pressure,
    schedstat,
    scheduler_settings,
    softirqs,
    stat,
    taint,
    uptime,
)

TREES = sorted((Path(__file__).parent / "trees").glob("*-cgroup-?"))
GROUP = "/shop.slice/web.service"
every_tree = pytest.mark.parametrize("tree", TREES, ids=lambda each: each.name)
version_2 = pytest.mark.parametrize(
    "tree", [each for each in TREES if each.name.endswith("2")], ids=lambda each: each.name
)


def text(tree: Path, path: str) -> str:
    return (tree / path).read_text()


def test_there_are_trees_of_both_kernels_and_versions() -> None:
    assert {each.name for each in TREES} == {
        f"guest-{kernel}-cgroup-{version}" for kernel in ("6.1", "6.12") for version in (1, 2)
    }


@every_tree
def test_the_quota_and_its_throttling(tree: Path) -> None:
    found = cgroup_cpu.read(Root(tree), None)[GROUP]
    assert (found.quota_s, found.period_s) == (0.02, 0.1)
    assert found.periods is not None
    assert found.throttled_periods is not None
    assert 20 <= found.throttled_periods <= found.periods
    assert found.throttled_s is not None
    assert found.throttled_s > 1
    assert found.usage_s is not None
    # It cannot have had more than its quota; and periods count that it only began.
    assert 0.4 <= found.usage_s / (0.02 * found.periods) <= 1.1


@version_2
def test_time_in_user_space_and_in_the_kernel_add_up(tree: Path) -> None:
    found = cgroup_cpu.read(Root(tree), None)[GROUP]
    assert (found.user_s or 0) + (found.system_s or 0) == pytest.approx(found.usage_s, rel=0.01)


@every_tree
def test_groups_are_named_by_their_paths(tree: Path) -> None:
    assert set(cgroup_cpu.read(Root(tree), None)) == {"/", "/shop.slice", GROUP} - (
        {"/shop.slice"} if not list(tree.glob("sys/fs/cgroup/*/shop.slice/cpu.stat")) else set()
    )


@every_tree
def test_tasks_and_their_limit(tree: Path) -> None:
    found = cgroup_pids.read(Root(tree), None)[GROUP]
    assert (found.limit, found.limit_hits) == (64, 0)
    assert found.peak is not None
    assert found.peak >= 2


@version_2
def test_memory_of_version_2(tree: Path) -> None:
    found = cgroup_memory.read(Root(tree), None)[GROUP]
    at = f"sys/fs/cgroup{GROUP}"
    stats = dict(line.split() for line in text(tree, f"{at}/memory.stat").splitlines())
    assert found.usage_bytes == int(text(tree, f"{at}/memory.current"))
    assert (found.high_bytes, found.limit_bytes) == (33554432, None)
    assert (found.anon_bytes, found.file_bytes) == (int(stats["anon"]), int(stats["file"]))
    assert found.scanned_pages == int(stats["pgscan"])
    assert found.high_events == int(text(tree, f"{at}/memory.events.local").split()[3])
    assert found.high_events > 0
    absent = [name for name in found.__struct_fields__ if getattr(found, name) is None]
    # Limits that are not set, what only version 1 has, and what 6.1 does not count yet.
    assert set(absent) <= {
        "limit_bytes", "swap_limit_bytes", "memory_and_swap_limit_bytes", "under_oom", "id",
        "swapped_in_pages", "swapped_out_pages", "swap_bytes",
    }  # fmt: skip


def test_memory_of_version_1() -> None:
    tree = next(each for each in TREES if each.name == "guest-6.1-cgroup-1")
    found = cgroup_memory.read(Root(tree), None)[GROUP]
    assert found.limit_bytes == 33554432
    assert found.max_events is not None
    assert found.max_events > 0
    assert found.oom_kills == 1


def test_where_version_1_has_no_memory_version_2_is_asked() -> None:
    """Debian's 6.12 is built without CONFIG_MEMCG_V1."""
    tree = next(each for each in TREES if each.name == "guest-6.12-cgroup-1")
    assert set(cgroup_memory.read(Root(tree), None)) <= {"/"}


@version_2
def test_pressure_of_a_throttled_group_is_pressure_of_cpus(tree: Path) -> None:
    found = cgroup_pressure.read(Root(tree), None)[GROUP]
    assert found.cpu_full_s is not None
    assert found.cpu_full_s > 1
    assert found.memory_some_s is not None
    assert found.io_some_s is not None


@every_tree
def test_io_can_be_read(tree: Path) -> None:
    found = cgroup_io.read(Root(tree), None)
    assert GROUP in found
    assert found[GROUP].read_limit_bytes_per_s is None


@every_tree
def test_the_machines_processors(tree: Path) -> None:
    root = Root(tree)
    whole, each = stat.read(root), cpu.read(root, None)
    assert whole.cpus == len(each) == 1
    assert None not in [getattr(whole, name) for name in whole.__struct_fields__]
    assert each["cpu0"].user_s == pytest.approx(whole.user_s, abs=0.05)
    known = schedstat.read(root, None)["cpu0"]
    assert known.ran_s is not None
    assert known.ran_s > 1
    assert known.waited_s is not None
    assert known.slices is not None


@every_tree
def test_interrupts_and_softirqs(tree: Path) -> None:
    root = Root(tree)
    found = interrupts.read(root, None)
    total = sum(each.count or 0 for each in found.values() if each.by_cpu is not None)
    assert total > 0
    assert found["LOC"].doc == "Local timer interrupts"
    counts = softirqs.read(root, None)["cpu0"]
    assert None not in [getattr(counts, name) for name in counts.__struct_fields__]
    # Read a moment later than the sum.
    assert (
        sum(getattr(counts, name) for name in counts.__struct_fields__)
        >= (stat.read(root).softirqs or 0) * 0.9
    )


@every_tree
def test_the_other_sources(tree: Path) -> None:
    root = Root(tree)
    found = pressure.read(root)
    assert found.cpu_some_s is not None
    assert found.io_full_s is not None
    assert clocksource.read(root).current == "tsc"
    assert taint.read(root).mask is not None
    assert (uptime.read(root).up_s or 0) > 3
    assert loadavg.read(root).tasks
    settings = scheduler_settings.read(root)
    assert settings.quota_slice_s == 0.005
    assert settings.online_cpus == "0"


@every_tree
def test_everything_can_be_written_as_json(tree: Path) -> None:
    root = Root(tree)
    for source in (cgroup_cpu, cgroup_memory, cgroup_pids, cgroup_io, softirqs, interrupts):
        found = source.SOURCE.read(root, None)
        assert msgspec.json.decode(msgspec.json.encode(found), type=dict[str, source.SOURCE.record]) == found  # type: ignore[name-defined]
