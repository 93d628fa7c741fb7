"""Cgroups of version 1, 2 and both, in trees made here; hostile, vanished and torn ones among them."""

import os
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from kernward.collectors import cgroups
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sources import (
    cgroup_cpu,
    cgroup_io,
    cgroup_memory,
    cgroup_pids,
    cgroup_pressure,
    cgroup_trees,
)
from tests.collectors.made_trees import made

V2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "38 31 0:35 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
)
HYBRID = V1 + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
SHOP = "/shop.slice/web.service"


def tree(folder: Path, mounts: str | None, files: dict[str, str]) -> Root:
    if mounts is not None:
        files = {**files, "/proc/self/mountinfo": mounts}
    return made(folder, files)


def v2(folder: Path, files: dict[str, str]) -> Root:
    return tree(folder, V2, {f"/sys/fs/cgroup{SHOP}/{name}": text for name, text in files.items()})


def test_version_2_quota_and_throttling(tmp_path: Path) -> None:
    stat = (
        "usage_usec 21500000\nuser_usec 20000000\nsystem_usec 1500000\ncore_sched.force_idle_usec 0\n"
        "nr_periods 300\nnr_throttled 290\nthrottled_usec 23200000\nnr_bursts 0\nburst_usec 0\n"
    )
    root = v2(tmp_path, {"cpu.stat": stat, "cpu.max": "20000 100000\n", "cpu.weight": "100\n"})
    found = cgroup_cpu.read(root, None)[SHOP]
    assert (found.usage_s, found.user_s, found.system_s) == (21.5, 20.0, 1.5)
    assert (found.periods, found.throttled_periods, found.throttled_s) == (300, 290, 23.2)
    assert (found.quota_s, found.period_s, found.weight) == (0.02, 0.1, 100)


def test_no_quota_is_absent(tmp_path: Path) -> None:
    root = v2(tmp_path, {"cpu.stat": "usage_usec 1\nnr_periods 0\n", "cpu.max": "max 100000\n"})
    found = cgroup_cpu.read(root, None)[SHOP]
    assert (found.quota_s, found.period_s) == (None, 0.1)


def test_without_the_controller_there_is_usage_only(tmp_path: Path) -> None:
    found = cgroup_cpu.read(v2(tmp_path, {"cpu.stat": "usage_usec 7000000\n"}), None)[SHOP]
    assert (found.usage_s, found.periods, found.quota_s) == (7.0, None, None)


def test_version_1_quota_and_throttling(tmp_path: Path) -> None:
    at = f"/sys/fs/cgroup/cpu,cpuacct{SHOP}"
    root = tree(
        tmp_path,
        V1,
        {
            f"{at}/cpu.stat": "nr_periods 300\nnr_throttled 290\nthrottled_time 23200000000\n",
            f"{at}/cpu.cfs_quota_us": "20000\n",
            f"{at}/cpu.cfs_period_us": "100000\n",
            f"{at}/cpu.shares": "1024\n",
            f"{at}/cpuacct.usage": "21500000000\n",
        },
    )
    found = cgroup_cpu.read(root, None)[SHOP]
    assert (found.periods, found.throttled_periods, found.throttled_s) == (300, 290, 23.2)
    assert (found.quota_s, found.period_s, found.shares, found.usage_s) == (0.02, 0.1, 1024, 21.5)


def test_version_1_says_minus_1_for_no_quota(tmp_path: Path) -> None:
    at = f"/sys/fs/cgroup/cpu,cpuacct{SHOP}"
    root = tree(tmp_path, V1, {f"{at}/cpu.stat": "nr_periods 0\n", f"{at}/cpu.cfs_quota_us": "-1\n"})
    assert cgroup_cpu.read(root, None)[SHOP].quota_s is None


def test_events_are_those_of_the_groups_own_limits(tmp_path: Path) -> None:
    root = v2(
        tmp_path,
        {
            "memory.stat": "anon 1\n",
            "memory.events": "low 0\nhigh 900\nmax 9\noom 9\noom_kill 9\n",
            "memory.events.local": "low 0\nhigh 12\nmax 3\noom 2\noom_kill 1\n",
        },
    )
    found = cgroup_memory.read(root, None)[SHOP]
    assert (found.high_events, found.max_events, found.oom_events, found.oom_kills) == (12, 3, 2, 1)


def test_a_kernel_without_local_events_shows_those_it_has(tmp_path: Path) -> None:
    root = v2(tmp_path, {"memory.stat": "anon 1\n", "memory.events": "high 900\nmax 9\n"})
    assert cgroup_memory.read(root, None)[SHOP].high_events == 900


def test_version_2_limits_and_reclaim(tmp_path: Path) -> None:
    root = v2(
        tmp_path,
        {
            "memory.stat": "anon 4096\nfile 8192\npgscan 100\npgsteal 60\nworkingset_refault_file 7\n",
            "memory.current": "50331648\n",
            "memory.max": "max\n",
            "memory.high": "33554432\n",
        },
    )
    found = cgroup_memory.read(root, None)[SHOP]
    assert (found.usage_bytes, found.limit_bytes, found.high_bytes) == (50331648, None, 33554432)
    assert (found.anon_bytes, found.file_bytes) == (4096, 8192)
    assert (found.scanned_pages, found.reclaimed_pages, found.refaulted_file_pages) == (100, 60, 7)


def test_version_1_memory(tmp_path: Path) -> None:
    at = f"/sys/fs/cgroup/memory{SHOP}"
    root = tree(
        tmp_path,
        V1,
        {
            f"{at}/memory.stat": "rss 1\ntotal_rss 4096\ntotal_cache 8192\ntotal_pgmajfault 3\n",
            f"{at}/memory.limit_in_bytes": "33554432\n",
            f"{at}/memory.memsw.limit_in_bytes": "9223372036854771712\n",
            f"{at}/memory.failcnt": "77\n",
            f"{at}/memory.oom_control": "oom_kill_disable 0\nunder_oom 1\noom_kill 2\n",
        },
    )
    found = cgroup_memory.read(root, None)[SHOP]
    assert (found.limit_bytes, found.memory_and_swap_limit_bytes, found.max_events) == (33554432, None, 77)
    assert (found.anon_bytes, found.file_bytes, found.major_faults) == (4096, 8192, 3)
    assert (found.under_oom, found.oom_kills) == (1, 2)


def test_tasks_and_their_limit(tmp_path: Path) -> None:
    root = v2(tmp_path, {"pids.current": "12\n", "pids.max": "64\n", "pids.events": "max 5\n"})
    found = cgroup_pids.read(root, None)[SHOP]
    assert (found.tasks, found.limit, found.limit_hits) == (12, 64, 5)


def test_io_is_by_the_name_of_the_device(tmp_path: Path) -> None:
    stat = "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n8:16 rbytes=1 wbytes=2\n"
    root = v2(tmp_path, {"io.stat": stat, "io.max": "254:0 rbps=1048576 wbps=max riops=max wiops=120\n"})
    (tmp_path / "sys/dev/block").mkdir(parents=True)
    os.symlink("../../devices/virtio1/block/vda", tmp_path / "sys/dev/block/254:0")
    found = cgroup_io.read(root, None)[SHOP]
    assert found.read_bytes == {"vda": 4096, "8:16": 1}
    assert (found.written_bytes, found.writes) == ({"vda": 8192, "8:16": 2}, {"vda": 2})
    assert (found.read_limit_bytes_per_s, found.write_limit_per_s) == ({"vda": 1048576}, {"vda": 120})
    assert found.write_limit_bytes_per_s is None


def test_version_1_io(tmp_path: Path) -> None:
    at = f"/sys/fs/cgroup/blkio{SHOP}/blkio.throttle"
    root = tree(
        tmp_path,
        V1,
        {
            f"{at}.io_service_bytes_recursive": "254:0 Read 4096\n254:0 Write 8192\n254:0 Total 12288\n",
            f"{at}.io_serviced_recursive": "254:0 Read 1\n254:0 Write 2\nTotal 3\n",
            f"{at}.read_bps_device": "254:0 1048576\n",
        },
    )
    found = cgroup_io.read(root, None)[SHOP]
    assert (found.read_bytes, found.written_bytes) == ({"254:0": 4096}, {"254:0": 8192})
    assert (found.reads, found.writes) == ({"254:0": 1}, {"254:0": 2})
    assert (found.read_limit_bytes_per_s, found.write_limit_per_s) == ({"254:0": 1048576}, None)


def test_pressure_of_groups(tmp_path: Path) -> None:
    line = "avg10={} avg60=0.00 avg300=0.00 total={}\n"
    root = v2(
        tmp_path,
        {
            "cpu.pressure": "some " + line.format("80.50", 8500000) + "full " + line.format("79.00", 8000000),
            "memory.pressure": "some " + line.format("1.00", 1000) + "full " + line.format("0.50", 500),
        },
    )
    Path(f"{tmp_path}/sys/fs/cgroup/cpu.pressure").write_text("some " + line.format("80.50", 8500000))
    found = cgroup_pressure.read(root, None)[SHOP]
    assert (found.cpu_some_s, found.cpu_some_10s_percent, found.cpu_full_s) == (8.5, 80.5, 8.0)
    assert (found.memory_full_s, found.io_some_s) == (0.0005, None)


def test_without_psi_no_group_is_asked(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="psi=1 starts it"):
        cgroup_pressure.read(v2(tmp_path, {"cpu.stat": "usage_usec 1\n"}), None)


def test_hybrid_takes_controllers_from_version_1_and_pressure_from_version_2(tmp_path: Path) -> None:
    line = "some avg10=0.00 avg60=0.00 avg300=0.00 total=5000000\n"
    root = tree(
        tmp_path,
        HYBRID,
        {
            f"/sys/fs/cgroup/cpu,cpuacct{SHOP}/cpu.stat": "nr_periods 7\n",
            "/sys/fs/cgroup/unified/cpu.stat": "usage_usec 1\n",
            "/sys/fs/cgroup/unified/cpu.pressure": line,
        },
    )
    assert cgroup_cpu.read(root, None)[SHOP].periods == 7
    assert cgroup_pressure.read(root, None)["/"].cpu_some_s == 5.0


def test_a_tree_without_mountinfo_is_known_by_its_folders(tmp_path: Path) -> None:
    root = tree(tmp_path, None, {"/sys/fs/cgroup/cgroup.controllers": "cpu memory\n"})
    assert [(each.version, each.mount) for each in cgroups.hierarchies(root)] == [(2, "/sys/fs/cgroup")]


def test_groups_of_a_mounted_part_have_their_whole_path(tmp_path: Path) -> None:
    mounts = "32 31 0:29 /docker/4f1a /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n"
    root = tree(tmp_path, mounts, {"/sys/fs/cgroup/cpu/job/cpu.stat": "nr_periods 7\n"})
    tree_of_cpu = cgroups.hierarchy(root, "cpu")
    assert tree_of_cpu is not None
    assert [each.name for each in cgroups.groups(root, tree_of_cpu)] == ["/docker/4f1a", "/docker/4f1a/job"]


def test_no_cgroups_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no cgroup hierarchy"):
        cgroup_cpu.read(tree(tmp_path, "", {}), None)


def test_only_the_groups_asked_for_are_read(tmp_path: Path) -> None:
    files = {f"/sys/fs/cgroup/{name}/cpu.stat": "usage_usec 1\n" for name in ("one", "other")}
    assert list(cgroup_cpu.read(tree(tmp_path, V2, files), {"/one"})) == ["/one"]


def test_hostile_names_are_kept_and_can_be_written_as_json(tmp_path: Path) -> None:
    name = "evil\x1b[2J\n0::/fake \\ \udcff"
    root = tree(tmp_path, V2, {})
    folder = os.fsencode(f"{tmp_path}/sys/fs/cgroup/{name}")
    os.makedirs(folder)
    with open(folder + b"/cpu.stat", "w") as file:
        file.write("usage_usec 3000000\n")
    found = cgroup_cpu.read(root, None)
    assert found["/evil\x1b[2J\n0::/fake \\ \\xff"].usage_s == 3.0
    msgspec.json.encode(found)


@pytest.mark.parametrize("text", ["", "nr_periods", "nr_periods x\n", "\0\0\0", "usage_usec 1 2 3\n- -\n"])
def test_torn_files_give_absent_values(tmp_path: Path, text: str) -> None:
    root = v2(tmp_path, {"cpu.stat": text, "cpu.max": text, "memory.stat": text, "io.stat": text})
    assert cgroup_cpu.read(root, None)[SHOP].periods is None
    assert cgroup_memory.read(root, None)[SHOP].anon_bytes is None
    assert cgroup_io.read(root, None)[SHOP].read_bytes == {}


def test_a_group_that_vanishes_is_left_out(tmp_path: Path) -> None:
    root = tree(tmp_path, V2, {f"/sys/fs/cgroup/{name}/cpu.stat": "usage_usec 1\n" for name in "ab"})
    tree_ = cgroups.version_2(root)
    assert tree_ is not None
    assert len(cgroups.groups(root, tree_)) == 3
    os.remove(tmp_path / "sys/fs/cgroup/a/cpu.stat")
    os.rmdir(tmp_path / "sys/fs/cgroup/a")
    assert list(cgroup_cpu.read(root, None)) == ["/b"]


def test_too_many_groups_are_cut_off_with_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "MOST", 3)
    root = tree(tmp_path, V2, {f"/sys/fs/cgroup/{name}/cpu.stat": "usage_usec 1\n" for name in "abcde"})
    tree_ = cgroups.version_2(root)
    assert tree_ is not None
    assert len(cgroups.groups(root, tree_)) == 3
    assert root.missing == {"/sys/fs/cgroup": "there are more than 3 cgroups; the others were not read"}


def as_if_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of a tree made here have numbers too, which tell groups apart as those of cgroupfs do."""

    def inode(root: Root, folder: str) -> tuple[int | None, int | None]:
        return (0, os.stat(root.path + folder).st_ino) if root.exists(folder) else (None, None)

    monkeypatch.setattr(cgroups, "_inode", inode)
    monkeypatch.setattr(cgroups, "AFRESH", 1 << 62)


def read_again(root: Root) -> tuple[dict[str, cgroup_cpu.CgroupCpu], dict[str, cgroup_memory.CgroupMemory]]:
    root.kept.clear()
    return cgroup_cpu.read(root, None), cgroup_memory.read(root, None)


MEMORY_FILES = {"memory.stat": "anon 4096\n", "memory.current": "8192\n", "memory.high": "16384\n"}


def test_of_a_group_that_has_not_run_only_the_cheap_files_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_if_live(monkeypatch)
    root = v2(
        tmp_path, {"cpu.stat": "usage_usec 5\nnr_periods 0\n", "cpu.max": "max 100000\n", **MEMORY_FILES}
    )
    first = read_again(root)
    folder = Path(f"{tmp_path}/sys/fs/cgroup{SHOP}")
    for name in ("cpu.max", "memory.stat", "memory.high"):
        (folder / name).write_text("")
    assert read_again(root) == first


def test_a_group_that_has_run_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_if_live(monkeypatch)
    root = v2(tmp_path, {"cpu.stat": "usage_usec 5\n", **MEMORY_FILES})
    read_again(root)
    folder = Path(f"{tmp_path}/sys/fs/cgroup{SHOP}")
    (folder / "cpu.stat").write_text("usage_usec 6\n")
    (folder / "memory.high").write_text("4096\n")
    assert read_again(root)[1][SHOP].high_bytes == 4096


def test_a_group_that_others_reclaim_from_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_if_live(monkeypatch)
    root = v2(tmp_path, {"cpu.stat": "usage_usec 5\n", **MEMORY_FILES})
    read_again(root)
    folder = Path(f"{tmp_path}/sys/fs/cgroup{SHOP}")
    (folder / "memory.current").write_text("4096\n")
    (folder / "memory.stat").write_text("anon 0\n")
    found = read_again(root)[1][SHOP]
    assert (found.usage_bytes, found.anon_bytes) == (4096, 0)


def test_a_group_that_took_over_a_name_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_if_live(monkeypatch)
    root = v2(tmp_path, {"cpu.stat": "usage_usec 5\nnr_periods 0\n", "cpu.max": "max 100000\n"})
    before = read_again(root)[0][SHOP]
    folder = Path(f"{tmp_path}/sys/fs/cgroup{SHOP}")
    folder.rename(folder.with_name("old.service"))
    tree(
        tmp_path,
        None,
        {
            f"/sys/fs/cgroup{SHOP}/cpu.stat": "usage_usec 5\nnr_periods 0\n",
            f"/sys/fs/cgroup{SHOP}/cpu.max": "1000 2000\n",
        },
    )
    after = read_again(root)[0][SHOP]
    assert after.quota_s == 0.001
    assert after.id != before.id


def test_every_group_is_read_whole_from_time_to_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_if_live(monkeypatch)
    monkeypatch.setattr(cgroups, "AFRESH", 4)
    root = v2(tmp_path, {"cpu.stat": "usage_usec 5\nnr_periods 0\n", "cpu.max": "max 100000\n"})
    read_again(root)
    Path(f"{tmp_path}/sys/fs/cgroup{SHOP}/cpu.max").write_text("1000 2000\n")
    assert [read_again(root)[0][SHOP].quota_s for _ in range(4)][-1] == 0.001


def test_of_a_copied_tree_everything_is_read(tmp_path: Path) -> None:
    root = v2(tmp_path, {"cpu.stat": "usage_usec 5\nnr_periods 0\n", "cpu.max": "max 100000\n"})
    read_again(root)
    Path(f"{tmp_path}/sys/fs/cgroup{SHOP}/cpu.max").write_text("1000 2000\n")
    assert read_again(root)[0][SHOP].quota_s == 0.001


def places(root: Root, group: str) -> dict[str, str]:
    """Where the fields that tests look at are told for a group."""
    trees = cgroup_trees.read(root)
    return {
        f"{module.SOURCE.name}.{field}": cgroup_trees.path(trees, group, *module.FILES[field])
        for module, field in (
            (cgroup_cpu, "usage_s"),
            (cgroup_cpu, "quota_s"),
            (cgroup_memory, "max_events"),
            (cgroup_pressure, "memory_some_s"),
        )
    }


def test_where_a_field_of_a_group_is_read_is_told_with_its_name(tmp_path: Path) -> None:
    assert places(tree(tmp_path / "2", V2, {}), SHOP) == {
        "cgroup_cpu.usage_s": f"/sys/fs/cgroup{SHOP}/cpu.stat",
        "cgroup_cpu.quota_s": f"/sys/fs/cgroup{SHOP}/cpu.max",
        "cgroup_memory.max_events": f"/sys/fs/cgroup{SHOP}/memory.events.local",
        "cgroup_pressure.memory_some_s": f"/sys/fs/cgroup{SHOP}/memory.pressure",
    }
    assert places(tree(tmp_path / "both", HYBRID, {}), SHOP) == {
        "cgroup_cpu.usage_s": f"/sys/fs/cgroup/cpu,cpuacct{SHOP}/cpuacct.usage",
        "cgroup_cpu.quota_s": f"/sys/fs/cgroup/cpu,cpuacct{SHOP}/cpu.cfs_quota_us",
        "cgroup_memory.max_events": f"/sys/fs/cgroup/memory{SHOP}/memory.failcnt",
        "cgroup_pressure.memory_some_s": f"/sys/fs/cgroup/unified{SHOP}/memory.pressure",
    }


def test_a_group_that_is_mounted_as_the_root_is_found_below_the_mount(tmp_path: Path) -> None:
    inside = V2.replace(" / /sys", " /docker/1 /sys")
    found = places(tree(tmp_path, inside, {}), "/docker/1/a")
    assert found["cgroup_cpu.quota_s"] == "/sys/fs/cgroup/a/cpu.max"
    assert places(tree(tmp_path / "root", V2, {}), "/")["cgroup_cpu.quota_s"] == "/sys/fs/cgroup/cpu.max"


def test_without_any_tree_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no cgroup hierarchy is mounted"):
        cgroup_trees.read(tree(tmp_path, "22 1 0:21 / /proc rw - proc proc rw\n", {}))
    # A recording of an earlier kernward does not tell the trees.
    assert cgroup_trees.path({}, SHOP, "cpu.max", "cpu.cfs_quota_us") == f"/sys/fs/cgroup{SHOP}/cpu.max"
    assert cgroup_trees.path({}, "/a", "", "memory.failcnt") == "/sys/fs/cgroup/memory/a/memory.failcnt"


@pytest.mark.parametrize("module", [cgroup_cpu, cgroup_io, cgroup_memory, cgroup_pids, cgroup_pressure])
def test_of_every_field_of_a_group_the_file_is_known(module: ModuleType) -> None:
    assert set(module.FILES) == set(module.SOURCE.record.__struct_fields__) - {"id"}
    assert all(any(names) for names in module.FILES.values())
