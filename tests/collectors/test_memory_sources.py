"""Sources of memory: real trees of several kernels, and files that are torn, foreign or hostile."""

from pathlib import Path

import pytest

from kernward.collectors.pairs import kilobytes, pairs
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sources import (
    buddyinfo,
    edac,
    meminfo,
    memory_settings,
    node,
    pagetypeinfo,
    slabinfo,
    swaps,
    vmstat,
    zoneinfo,
)
from tests.collectors.made_trees import made

# Copied from machines: the folder's name says which.
TREES = sorted(
    each for each in (Path(__file__).parent / "trees").iterdir() if (each / "proc/meminfo").exists()
)
every_tree = pytest.mark.parametrize("tree", TREES, ids=lambda each: each.name)


def line_of(text: str, name: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.split()[0] == name)


def written(folder: Path, path: str, data: bytes) -> Root:
    return made(folder, {path: data})


@every_tree
def test_meminfo_is_in_bytes(tree: Path) -> None:
    text = (tree / "proc/meminfo").read_text()
    found = meminfo.read(Root(tree))
    for field, name in [
        ("total_bytes", "MemTotal:"),
        ("available_bytes", "MemAvailable:"),
        ("inactive_file_bytes", "Inactive(file):"),
        ("slab_unreclaimable_bytes", "SUnreclaim:"),
        ("committed_bytes", "Committed_AS:"),
        ("huge_page_bytes", "Hugepagesize:"),
    ]:
        assert getattr(found, field) == int(line_of(text, name)[1]) * 1024, field
    assert found.huge_pages_total == int(line_of(text, "HugePages_Total:")[1])


@every_tree
def test_what_is_in_memory_adds_up(tree: Path) -> None:
    found = meminfo.read(Root(tree))
    assert max(found.free_bytes, found.available_bytes) < found.total_bytes
    assert found.slab_reclaimable_bytes <= found.kernel_reclaimable_bytes


@every_tree
def test_vmstat_has_each_field_that_the_kernel_prints(tree: Path) -> None:
    text = (tree / "proc/vmstat").read_text()
    found = vmstat.read(Root(tree))
    assert found.nr_free_pages == int(line_of(text, "nr_free_pages")[1])
    assert found.workingset_refault_file_pages == int(line_of(text, "workingset_refault_file")[1])
    assert found.pgscan_direct_pages == int(line_of(text, "pgscan_direct")[1])
    assert found.pgpgin_kib == int(line_of(text, "pgpgin")[1])
    assert found.compact_stall == int(line_of(text, "compact_stall")[1])
    # Options of the kernel: NUMA, zswap.
    optional = {
        field for field in found.__struct_fields__ if field.startswith(("numa_", "zone_reclaim", "zsw"))
    }
    absent = {field for field in found.__struct_fields__ if getattr(found, field) is None}
    assert absent <= optional


def test_counters_of_zones_are_added_up(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        "proc/vmstat",
        b"nr_free_pages 1\nallocstall_dma32 3\nallocstall_normal 4\nallocstall_movable 5\n",
    )
    assert vmstat.read(root).allocstall == 12


def test_a_counter_that_the_kernel_lacks_is_absent_not_zero(tmp_path: Path) -> None:
    found = vmstat.read(written(tmp_path, "proc/vmstat", b"nr_free_pages 1\n"))
    assert found.oom_kill is None
    assert found.allocstall is None


def test_refaults_before_5_9_were_those_of_files(tmp_path: Path) -> None:
    root = written(tmp_path, "proc/vmstat", b"nr_free_pages 1\nworkingset_refault 77\n")
    found = vmstat.read(root)
    assert (found.workingset_refault_file_pages, found.workingset_refault_anon_pages) == (77, None)


def test_a_torn_last_line_is_no_number() -> None:
    assert pairs(b"pgfault 812\npgmajfault 9") == {b"pgfault": 812}
    assert pairs(b"pgfault 812\npgmajfault") == {b"pgfault": 812}
    assert kilobytes(b"MemTotal:  8 kB\nMemFree:  71") == {b"MemTotal": 8192}


def test_one_strange_line_costs_only_itself() -> None:
    lines = b"pgfault 812\nsome words more here\nodd x\n\nlong " + b"9" * 5000 + b"\npgmajfault 9\n"
    assert pairs(lines) == {b"pgfault": 812, b"pgmajfault": 9}


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"MemTotal: many kB\n"])
def test_a_file_of_something_else_is_unavailable(tmp_path: Path, data: bytes) -> None:
    root = written(tmp_path, "proc/meminfo", data)
    for name in ("vmstat", "buddyinfo", "zoneinfo", "slabinfo"):
        written(tmp_path, f"proc/{name}", data)
    with pytest.raises(Unavailable, match="MemTotal"):
        meminfo.read(root)
    with pytest.raises(Unavailable, match="nr_free_pages"):
        vmstat.read(root)
    with pytest.raises(Unavailable, match="zone Normal"):
        buddyinfo.read(root, None)
    with pytest.raises(Unavailable, match="no zone"):
        zoneinfo.read(root, None)
    with pytest.raises(Unavailable, match="slabinfo - version"):
        slabinfo.read(root, None)


@every_tree
def test_free_blocks_of_each_zone(tree: Path) -> None:
    found = buddyinfo.read(Root(tree), None)
    assert all(len(zone.free_blocks) == 11 for zone in found.values())
    free = sum(zone.free_pages() for zone in found.values())
    # What CPUs keep in their own lists is free and in no block.
    assert free <= vmstat.read(Root(tree)).nr_free_pages * 1.2
    assert sum(zone.free_pages(4) for zone in found.values()) < free


def test_blocks_count_as_their_pages() -> None:
    zone = buddyinfo.Buddyinfo((5, 0, 2, 1))
    assert (zone.free_pages(), zone.free_pages(2), zone.free_pages(3)) == (21, 16, 8)


@every_tree
def test_free_blocks_by_what_is_around_them(tree: Path) -> None:
    found = pagetypeinfo.read(Root(tree), None)
    assert set(found) == set(buddyinfo.read(Root(tree), None))
    zone = found["0/DMA32"]
    assert all(
        len(each) == 11 for each in (zone.unmovable_blocks, zone.movable_blocks, zone.reclaimable_blocks)
    )
    assert pagetypeinfo.pages_below(zone.movable_blocks, 11) > 0


def test_counts_that_the_kernel_cut_short_count_as_what_it_says(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        "proc/pagetypeinfo",
        b"Node    0, zone   Normal, type    Unmovable >100000      3      0\n",
    )
    found = pagetypeinfo.read(root, None)["0/Normal"]
    assert found.unmovable_blocks == (100000, 3, 0)
    assert found.movable_blocks is None


@every_tree
def test_watermarks_of_each_zone(tree: Path) -> None:
    found = zoneinfo.read(Root(tree), None)
    assert set(found) <= set(buddyinfo.read(Root(tree), None))
    assert all(
        zone.min_pages < zone.low_pages < zone.high_pages < zone.managed_pages for zone in found.values()
    )
    assert all(zone.unreclaimable == 0 for zone in found.values())


@every_tree
def test_free_pages_in_the_lists_of_each_cpu_are_added_up(tree: Path) -> None:
    found = zoneinfo.read(Root(tree), None)
    counts = [
        line.split()[1] for line in (tree / "proc/zoneinfo").read_text().splitlines() if "count:" in line
    ]
    assert sum(each.per_cpu_pages or 0 for each in found.values()) == sum(map(int, counts))


@every_tree
def test_zones_without_pages_are_left_out(tree: Path) -> None:
    assert "0/Movable" not in zoneinfo.read(Root(tree), None)


@every_tree
def test_caches_hold_their_objects(tree: Path) -> None:
    found = slabinfo.read(Root(tree), None)
    cache = found["kmalloc-512"]
    line = line_of((tree / "proc/slabinfo").read_text(), "kmalloc-512")
    assert (cache.active_objects, cache.objects, cache.object_bytes) == tuple(map(int, line[1:4]))
    assert cache.size_bytes == cache.objects * 512


def test_the_name_of_a_cache_may_hold_anything(tmp_path: Path) -> None:
    numbers = b"10 12 64 64 1 : tunables    0    0    0 : slabdata      1      1      0\n"
    root = written(
        tmp_path,
        "proc/slabinfo",
        b"slabinfo - version: 2.1\nnfs : inode  " + numbers + b"\xff\x1b[2J " + numbers,
    )
    found = slabinfo.read(root, None)
    assert found["nfs : inode"].objects == 12
    assert found["\udcff\x1b[2J"].objects == 12


def test_slabs_need_root(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="slabinfo"):
        slabinfo.read(Root(tmp_path), None)


def test_swap_areas_and_their_use(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        "proc/swaps",
        b"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
        b"/dev/zram0                              partition\t4194300\t\t1024\t\t100\n"
        b"/swap\\040file                           file\t\t1048572\t\t0\t\t-2\n",
    )
    found = swaps.read(root, None)
    assert found["/dev/zram0"] == swaps.Swap("partition", 4194300 << 10, 1024 << 10, 100)
    assert found["/swap file"].priority == -2


@every_tree
def test_a_machine_without_swap_has_none(tree: Path) -> None:
    assert swaps.read(Root(tree), None) == {}


@every_tree
def test_nodes_and_where_their_pages_went(tree: Path) -> None:
    found = node.read(Root(tree), None)["node0"]
    assert found.total_bytes == meminfo.read(Root(tree)).total_bytes
    assert found.numa_hit_pages == found.local_node_pages > 0
    assert found.cpus == (tree / "sys/devices/system/node/node0/cpulist").read_text().strip()


@every_tree
def test_settings(tree: Path) -> None:
    found = memory_settings.read(Root(tree))
    assert found.overcommit_memory == 0
    assert found.overcommit_ratio_percent == 50
    assert found.swappiness == 60
    assert found.thp_enabled in {"always", "madvise", "never"}


def test_an_option_that_is_off_is_absent(tmp_path: Path) -> None:
    root = written(tmp_path, "proc/sys/vm/overcommit_memory", b"2\n")
    found = memory_settings.read(root)
    assert (found.overcommit_memory, found.thp_enabled, found.numa_balancing) == (2, None, None)


def test_memory_errors_by_controller_and_module(tmp_path: Path) -> None:
    for path, text in {
        "mc0/ce_count": "12\n",
        "mc0/ue_count": "0\n",
        "mc0/mc_name": "skx_edac\n",
        "mc0/dimm3/dimm_ce_count": "12\n",
        "mc0/dimm3/dimm_ue_count": "0\n",
        "mc0/dimm3/dimm_label": "CPU_SrcID#0_MC#0_Chan#1_DIMM#0\n",
        "power/control": "auto\n",
    }.items():
        root = written(tmp_path, f"sys/devices/system/edac/mc/{path}", text.encode())
    assert edac.read(root, None) == {
        "mc0": edac.Edac(12, 0, "skx_edac"),
        "mc0/dimm3": edac.Edac(12, 0, "CPU_SrcID#0_MC#0_Chan#1_DIMM#0"),
    }


def test_a_machine_without_edac_says_so(tmp_path: Path) -> None:
    (tmp_path / "sys/devices/system/edac/mc").mkdir(parents=True)
    with pytest.raises(Unavailable, match="no driver"):
        edac.read(Root(tmp_path), None)


@pytest.mark.parametrize(
    "source", [buddyinfo, zoneinfo, slabinfo, swaps, node], ids=lambda each: each.__name__
)
@every_tree
def test_only_what_is_asked_for_is_read(source, tree: Path) -> None:
    everything = source.read(Root(tree), None)
    for name in list(everything)[:1]:
        assert source.read(Root(tree), {name, "no such thing"}) == {name: everything[name]}
