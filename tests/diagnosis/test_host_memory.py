"""The host's memory: used up, promised, broken, unevenly spread, in pieces, and wanted in huge pages."""

from typing import Any

import pytest

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.measurements import compaction
from kernward.collectors.measurements.compaction import Compaction
from kernward.collectors.sources import (
    buddyinfo,
    cgroup_memory,
    edac,
    kernel_events,
    meminfo,
    memory_settings,
    node,
    pagetypeinfo,
    pressure,
    processes,
    vmstat,
    zoneinfo,
)
from kernward.collectors.sources.buddyinfo import Buddyinfo
from kernward.collectors.sources.cgroup_memory import CgroupMemory
from kernward.collectors.sources.edac import Edac
from kernward.collectors.sources.meminfo import Meminfo
from kernward.collectors.sources.memory_settings import MemorySettings
from kernward.collectors.sources.node import Node
from kernward.collectors.sources.pagetypeinfo import Pagetypes
from kernward.collectors.sources.pressure import Pressure
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.vmstat import Vmstat
from kernward.collectors.sources.zoneinfo import Zone
from kernward.diagnosis.hypotheses import (
    host_memory_exhausted,
    memory_fragmentation,
    memory_module_failing,
    memory_page_broken,
    numa_imbalance,
    overcommit_limit,
    thp_stalls,
)
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.kernel_log import event, log
from tests.diagnosis.windows import confirmed, verdict, view

FULL = host_memory_exhausted.HYPOTHESIS
PIECES = memory_fragmentation.HYPOTHESIS
MODULE = memory_module_failing.HYPOTHESIS
PAGE = memory_page_broken.HYPOTHESIS
NODES = numa_imbalance.HYPOTHESIS
PROMISES = overcommit_limit.HYPOTHESIS
HUGE = thp_stalls.HYPOTHESIS
MIB, GIB = 1 << 20, 1 << 30


def memory(**fields: Any) -> dict[Any, Any]:
    return {meminfo.SOURCE: Meminfo(**{"total_bytes": GIB, "available_bytes": GIB // 2, **fields})}


def process(comm: str, rss_bytes: int = 0, **fields: Any) -> Process:
    return Process(comm, "S", 1, 10.0, False, rss_bytes=rss_bytes, **fields)


def kill(age_s: float, anon_mib: int = 800, kind: str = "oom-kill-global") -> LogEvent:
    return event(kind, age_s, fields={"comm": "redis-server", "pid": 812, "anon_rss_kb": anon_mib << 10})


def test_a_kill_for_want_of_the_hosts_memory_names_who_had_it() -> None:
    found = confirmed(FULL, view({**memory(swap_total_bytes=0), **log(kill(14.0))}))
    assert (found.scope.kind, found.scope.name) == ("process", "redis-server[812]")
    assert found.confidence >= 0.95
    assert "held 800.0 MiB and was killed 14 s ago" in found.mechanism
    assert "There is no swap." in found.mechanism


def test_a_small_victim_is_not_the_one_that_fills_the_machine() -> None:
    living = {processes.SOURCE: {"5": process("mongod", 700 * MIB), "6": process("sshd", MIB)}}
    found = confirmed(FULL, view({**memory(), **log(kill(14.0, anon_mib=20)), **living}))
    assert found.scope.name == "mongod[5]"
    assert found.victims[0].name == "redis-server[812]"


def test_a_kill_of_an_hour_ago_is_history() -> None:
    assert isinstance(verdict(FULL, view({**memory(), **log(kill(3600.0))})), Refuted)


def test_a_kill_at_a_cgroups_limit_is_not_the_hosts() -> None:
    def one(kills: int) -> dict[Any, Any]:
        groups = {"/": CgroupMemory(), "/a": CgroupMemory(oom_kills=kills, max_events=kills * 9)}
        return {**memory(), vmstat.SOURCE: Vmstat(oom_kill=kills), cgroup_memory.SOURCE: groups}

    assert isinstance(verdict(FULL, view(one(0), one(1))), Refuted)


def test_a_kill_that_no_cgroup_counts_at_its_limit_is_the_hosts() -> None:
    def one(kills: int) -> dict[Any, Any]:
        groups = {"/": CgroupMemory(), "/a": CgroupMemory(oom_kills=kills, max_events=0)}
        return {**memory(), vmstat.SOURCE: Vmstat(oom_kill=kills), cgroup_memory.SOURCE: groups}

    assert confirmed(FULL, view(one(0), one(1))).confidence < 0.9


def test_a_machine_that_is_full_and_waits_is_about_to_kill() -> None:
    def one(second: int, waits: float) -> dict[Any, Any]:
        return {
            **memory(available_bytes=10 * MIB, swap_total_bytes=0),
            pressure.SOURCE: Pressure(memory_some_s=waits * second),
            processes.SOURCE: {"5": process("java", 900 * MIB)},
        }

    found = confirmed(FULL, view(one(0, 0.8), one(3, 0.8)))
    assert found.scope.name == "java[5]"
    assert "Nothing was killed yet." in found.mechanism
    assert isinstance(verdict(FULL, view(one(0, 0.0), one(3, 0.0))), Refuted)


def test_kills_since_boot_without_a_log_are_unknown() -> None:
    tree = {**memory(), vmstat.SOURCE: Vmstat(oom_kill=3)}
    assert isinstance(
        verdict(FULL, view(tree, absent={kernel_events.SOURCE: "/dev/kmsg: permission denied"})), Unknown
    )


def promised(part: float, mode: int | None = 2) -> View:
    settings = {} if mode is None else {memory_settings.SOURCE: MemorySettings(overcommit_memory=mode)}
    held = memory(commit_limit_bytes=GIB // 2, committed_bytes=int(part * GIB / 2))
    return view({**held, **settings})


def test_promises_at_their_limit_are_refused_while_memory_is_free() -> None:
    found = confirmed(PROMISES, promised(0.97))
    assert "512.0 MiB of memory are available" in found.mechanism


def test_who_reserved_most_of_it_is_named() -> None:
    asked = {
        processes.SOURCE: {"7": process("java", virtual_bytes=GIB), "8": process("sshd", virtual_bytes=MIB)}
    }
    settings = {memory_settings.SOURCE: MemorySettings(overcommit_memory=2)}
    held = memory(commit_limit_bytes=GIB // 2, committed_bytes=GIB // 2)
    assert confirmed(PROMISES, view({**held, **settings, **asked})).scope.name == "java[7]"


@pytest.mark.parametrize(("part", "mode"), [(0.5, 2), (0.88, 2), (3.0, 0), (3.0, 1)])
def test_promises_that_nothing_limits_are_healthy(part: float, mode: int) -> None:
    assert isinstance(verdict(PROMISES, promised(part, mode)), Refuted)


def test_a_setting_that_cannot_be_read_is_unknown() -> None:
    assert isinstance(verdict(PROMISES, promised(3.0, None)), Unknown)


def test_a_broken_page_names_whom_it_struck() -> None:
    events = log(
        event("memory-failure", 30.0, fields={"pfn": 0x1F3A40C}),
        event("memory-failure-sigbus", 30.0, fields={"pfn": 0x1F3A40C, "comm": "imgproxy", "pid": 77}),
    )
    found = confirmed(PAGE, view({**memory(hardware_corrupted_bytes=4096), **events}))
    assert found.scope.name == "imgproxy[77]"
    assert "4.0 KiB are out of service" in found.mechanism


def test_a_broken_page_of_a_log_that_is_gone_is_still_counted() -> None:
    found = confirmed(PAGE, view({**memory(hardware_corrupted_bytes=8192), **log()}))
    assert found.scope.kind == "host"
    assert found.confidence < 0.9


def test_no_broken_page_is_healthy() -> None:
    assert isinstance(verdict(PAGE, view({**memory(hardware_corrupted_bytes=0), **log()})), Refuted)
    assert isinstance(verdict(PAGE, view(memory())), Unknown)


def test_one_machine_check_suggests_a_module_and_many_counted_errors_prove_it() -> None:
    one = confirmed(MODULE, view(log(event("mce-logged", 20.0))))
    assert one.confidence <= 0.6
    counted = {edac.SOURCE: {"mc0": Edac(40, 0, "skx"), "mc0/dimm3": Edac(40, 0, "CPU0 channel 1 slot 0")}}
    many = confirmed(MODULE, view({**log(), **counted}))
    assert many.confidence > 0.9
    assert "CPU0 channel 1 slot 0" in many.mechanism


def test_a_machine_check_of_a_cache_is_not_memory() -> None:
    seen = view(log(event("mce-corrected", 20.0, fields={"error_type": "cache hierarchy"})))
    assert isinstance(verdict(MODULE, seen), Refuted)


def test_without_counts_and_log_errors_of_memory_are_unknown() -> None:
    seen = view(
        {}, absent={kernel_events.SOURCE: "/dev/kmsg: permission denied", edac.SOURCE: "no such file"}
    )
    assert isinstance(verdict(MODULE, seen), Unknown)


def uneven(foreign: int, free: int = 2, other: int = 60, kept: int = 1) -> View:
    watermarks = {"0/DMA32": Zone(high_pages=0), "0/Normal": Zone(high_pages=kept << 18)}

    def one(second: int) -> dict[Any, Any]:
        full = Node(100 * GIB, free * GIB, numa_hit_pages=9000 * second, numa_foreign_pages=foreign * second)
        roomy = Node(100 * GIB, other * GIB, numa_hit_pages=9000 * second, numa_foreign_pages=0)
        return {node.SOURCE: {"node0": full, "node1": roomy}, zoneinfo.SOURCE: watermarks}

    return view(one(0), one(3))


def test_a_node_that_is_full_beside_one_with_room_is_uneven() -> None:
    found = confirmed(NODES, uneven(foreign=3000))
    assert "node0 is full (2% free) while node1 has 60% left" in found.mechanism


def test_a_node_is_full_where_what_is_free_is_what_its_watermarks_keep() -> None:
    assert "node0 is full (7% free)" in confirmed(NODES, uneven(foreign=3000, free=7, kept=6)).mechanism


@pytest.mark.parametrize(
    "seen",
    [uneven(foreign=10), uneven(foreign=3000, free=40), uneven(foreign=3000, other=5)],
    ids=["few", "room", "all"],
)
def test_nodes_are_not_uneven_when_pages_are_where_they_are_wanted_or_nowhere_is_room(seen: View) -> None:
    assert isinstance(verdict(NODES, seen), Refuted)


def test_one_node_is_never_uneven() -> None:
    assert isinstance(
        verdict(NODES, view({node.SOURCE: {"node0": Node(GIB, 0), "node1": Node(0, 0)}})), Refuted
    )


def pieces(
    small_mib: int, large_mib: int, *, unmovable: float | None = None, final: bool = True, **more: int
) -> View:
    """So much free memory in single pages and in blocks of 4 MiB."""
    blocks = (small_mib << 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, large_mib // 4)
    found: dict[Any, Any] = {
        **memory(free_bytes=(small_mib + large_mib) * MIB),
        buddyinfo.SOURCE: {"0/Normal": Buddyinfo(blocks)},
    }
    if unmovable is not None:
        kernels = int(unmovable * blocks[0])
        found[pagetypeinfo.SOURCE] = {"0/Normal": Pagetypes((kernels, 0), (blocks[0] - kernels, 0), (0, 0))}
    readings = [
        {
            **found,
            vmstat.SOURCE: Vmstat(
                nr_free_pages=(small_mib + large_mib) << 8,
                **{field: 100 + each * second for field, each in more.items()},
            ),
            pressure.SOURCE: Pressure(memory_some_s=0.5 * second),
        }
        for second in range(4)
    ]
    return view(*readings, final=final)


def test_free_pages_between_the_kernels_own_are_fragmented() -> None:
    found = confirmed(PIECES, pieces(300, 20, unmovable=0.95))
    assert found.scope.kind == "host"
    assert "285.0 MiB of it between pages of the kernel" in found.mechanism


def test_free_pages_between_movable_ones_are_joined_when_somebody_asks() -> None:
    assert isinstance(verdict(PIECES, pieces(300, 20, unmovable=0.05)), Refuted)


def test_a_little_free_memory_in_small_blocks_is_healthy() -> None:
    assert isinstance(verdict(PIECES, pieces(20, 5)), Refuted)


def test_of_what_kind_the_blocks_are_is_asked_first() -> None:
    found = verdict(PIECES, pieces(300, 20, final=False))
    assert isinstance(found, Open)
    assert found.sources == (("pagetypeinfo", ("0/Normal",)),)


def test_where_the_kind_cannot_be_read_only_all_of_it_counts() -> None:
    assert confirmed(PIECES, pieces(300, 20)).confidence <= 0.6
    assert isinstance(verdict(PIECES, pieces(100, 300)), Unknown)


def test_tasks_that_compact_in_vain_are_fragmentation_in_action() -> None:
    found = confirmed(
        PIECES, pieces(20, 5, compact_stall=50, compact_fail=45, thp_fault_alloc=0, thp_fault_fallback=0)
    )
    assert found.impact > 0.4
    assert "compact in vain" in found.mechanism


HUGE_FAULTS = {"compact_stall": 60, "thp_fault_alloc": 30, "thp_fault_fallback": 30}


def faults(waits: float | None = 0.4, mode: str = "always", final: bool = True, **a_second: int) -> View:
    readings = []
    for second in range(5):
        counted = Vmstat(**{field: each * second for field, each in a_second.items()})
        one: dict[Any, Any] = {
            vmstat.SOURCE: counted,
            memory_settings.SOURCE: MemorySettings(thp_enabled=mode, thp_defrag="always"),
            processes.SOURCE: {
                "5": process("jvm", minor_faults=9000 * second),
                "6": process("sshd", minor_faults=second),
            },
        }
        if waits is not None:
            one[pressure.SOURCE] = Pressure(memory_some_s=waits * second)
        readings.append(one)
    return view(*readings, final=final)


def test_faults_that_compact_for_huge_pages_name_their_process() -> None:
    found = confirmed(HUGE, faults(**HUGE_FAULTS))
    assert found.scope.name == "jvm[5]"
    assert "defrag is always" in found.mechanism


def test_compaction_for_somebody_else_is_not_for_huge_pages() -> None:
    assert isinstance(
        verdict(HUGE, faults(**{**HUGE_FAULTS, "thp_fault_alloc": 0, "thp_fault_fallback": 0})), Refuted
    )


def test_huge_pages_that_nobody_waits_for_are_healthy() -> None:
    assert isinstance(verdict(HUGE, faults(waits=0.02, **HUGE_FAULTS)), Refuted)
    assert isinstance(verdict(HUGE, faults(mode="never", **HUGE_FAULTS)), Refuted)


def test_without_pressure_how_long_it_takes_is_measured() -> None:
    found = verdict(HUGE, faults(waits=None, final=False, **HUGE_FAULTS))
    assert isinstance(found, Open)
    assert found.asks == ("compaction",)


def test_who_compacts_is_taken_from_the_measurement() -> None:
    def one(second: int) -> dict[Any, Any]:
        return {
            vmstat.SOURCE: Vmstat(**{field: each * second for field, each in HUGE_FAULTS.items()}),
            compaction.SOURCE: {
                "/a": Compaction(by_process_s={"jvm[5]": 0.4 * second, "kcompactd0[30]": 9.0 * second})
            },
        }

    assert confirmed(HUGE, view(one(0), one(4), measured=["compaction"])).scope.name == "jvm[5]"
