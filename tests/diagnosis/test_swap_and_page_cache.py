"""Swapping, reading again, shortage of the whole host: each against its rivals and against healthy use."""

from typing import Any

from kernward.collectors.sources import (
    cgroup_memory,
    meminfo,
    memory_settings,
    pressure,
    process_io,
    processes,
    swaps,
    vmstat,
    zoneinfo,
)
from kernward.collectors.sources.cgroup_memory import CgroupMemory
from kernward.collectors.sources.meminfo import Meminfo
from kernward.collectors.sources.memory_settings import MemorySettings
from kernward.collectors.sources.pressure import Pressure
from kernward.collectors.sources.process_io import ProcessIo
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.swaps import Swap
from kernward.collectors.sources.vmstat import Vmstat
from kernward.collectors.sources.zoneinfo import Zone
from kernward.diagnosis.hypotheses import memory_pressure, page_cache_thrashing, swap_thrashing
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.windows import confirmed, verdict, view

SWAP, CACHE, SHORT = swap_thrashing.HYPOTHESIS, page_cache_thrashing.HYPOTHESIS, memory_pressure.HYPOTHESIS
GIB = 1 << 30
COUNTED = (
    "pswpin_pages",
    "pswpout_pages",
    "pgscan_kswapd_pages",
    "pgscan_direct_pages",
    "pgsteal_direct_pages",
    "allocstall",
    "workingset_refault_file_pages",
    "pgpgin_kib",
    "pgsteal_file_pages",
    "pgsteal_anon_pages",
)


def process(comm: str, **fields: Any) -> Process:
    return Process(comm, fields.pop("state", "R"), 1, 10.0, False, **fields)


def reading(
    second: int,
    waits: float | None = 0.0,
    swap_bytes: int = GIB,
    io: float = 0.0,
    works: float = 0.04,
    **a_second: int,
) -> dict[Any, Any]:
    """A machine of 1 GiB whose counters grow by so much a second."""
    counters = {field: 7000 + second * a_second.get(field, 0) for field in COUNTED}
    found: dict[Any, Any] = {
        meminfo.SOURCE: Meminfo(
            total_bytes=GIB,
            free_bytes=8192 << 12,
            available_bytes=GIB // 20,
            cached_bytes=GIB // 4,
            swap_total_bytes=swap_bytes,
        ),
        vmstat.SOURCE: Vmstat(nr_free_pages=8192, **counters),
        swaps.SOURCE: {"/dev/vdb": Swap("partition", swap_bytes, 0, -2)} if swap_bytes else {},
        processes.SOURCE: {
            "812": process(
                "analytics",
                state="D",
                major_faults=a_second.get("faults", 0) * second,
                system_s=works * second,
            ),
            "9": process("sshd", major_faults=second, system_s=0.01 * second),
        },
    }
    if waits is not None:
        found[pressure.SOURCE] = Pressure(memory_some_s=3.0 + waits * second, io_some_s=3.0 + io * second)
    return found


def seconds(*, final: bool = True, beside: dict[Any, Any] | None = None, **a_second: Any) -> View:
    return view(*({**reading(second, **a_second), **(beside or {})} for second in range(6)), final=final)


STORM = {"pswpin_pages": 900, "pswpout_pages": 1000, "pgscan_kswapd_pages": 4000, "faults": 800}
PASSES = {"workingset_refault_file_pages": 9000, "pgpgin_kib": 37_000, "pgscan_kswapd_pages": 9500}


def test_a_storm_names_the_process_whose_pages_they_are() -> None:
    found = confirmed(SWAP, seconds(waits=0.7, **STORM))
    assert (found.scope.kind, found.scope.name) == ("process", "analytics[812]")
    assert found.confidence > 0.9
    assert 0.7 < found.impact < 0.75
    assert "/dev/vdb" in found.mechanism


def test_a_storm_of_nobody_in_particular_is_the_hosts() -> None:
    assert confirmed(SWAP, seconds(waits=0.7, **{**STORM, "faults": 0})).scope.kind == "host"


def test_swap_in_zram_costs_processors() -> None:
    zram = {swaps.SOURCE: {"/dev/zram0": Swap("partition", GIB, 0, 100)}}
    found = confirmed(SWAP, seconds(waits=0.4, beside=zram, **STORM))
    assert "compresses" in found.mechanism
    assert any("compression" in each for each in found.chain)


def test_without_pressure_a_storm_must_be_larger() -> None:
    assert confirmed(SWAP, seconds(waits=None, **STORM)).confidence < 0.9
    weak = {**STORM, "pswpin_pages": 50, "pswpout_pages": 50}
    assert isinstance(verdict(SWAP, seconds(waits=None, **weak)), Refuted)


def test_cold_pages_that_leave_are_no_storm() -> None:
    found = verdict(SWAP, seconds(waits=0.3, pswpout_pages=5000, pgscan_kswapd_pages=9000))
    assert isinstance(found, Refuted)
    assert "0 pages a second came in" in found.reason


def test_pages_that_come_back_after_a_rest_are_no_storm() -> None:
    assert isinstance(verdict(SWAP, seconds(waits=0.3, pswpin_pages=5000)), Refuted)


def test_swap_that_nobody_waits_for_is_healthy() -> None:
    assert isinstance(verdict(SWAP, seconds(waits=0.02, **STORM)), Refuted)


def test_swap_that_is_fast_costs_processor_time() -> None:
    assert confirmed(SWAP, seconds(waits=0.03, works=0.5, **STORM)).impact > 0.5


def test_swapping_at_a_cgroups_limit_is_not_the_hosts() -> None:
    found = verdict(SWAP, seconds(waits=0.8, pswpin_pages=900, pswpout_pages=900, faults=800))
    assert isinstance(found, Refuted)
    assert "cgroup" in found.reason


def test_a_machine_without_swap_cannot_swap() -> None:
    found = verdict(SWAP, seconds(waits=0.8, swap_bytes=0, **STORM))
    assert isinstance(found, Refuted)
    assert found.reason == "the machine has no swap"


def test_a_single_reading_says_nothing_of_a_storm() -> None:
    assert isinstance(verdict(SWAP, view(reading(1, **STORM))), Unknown)


def read(second: int, **bytes_a_second: int) -> dict[Any, Any]:
    return {
        process_io.SOURCE: {
            pid[1:]: ProcessIo(read_bytes=each * second) for pid, each in bytes_a_second.items()
        }
    }


def test_a_data_set_that_does_not_fit_names_its_reader() -> None:
    readings = (
        {**reading(second, io=0.8, **PASSES), **read(second, p812=36 << 20, p9=4096)} for second in range(6)
    )
    found = confirmed(CACHE, view(*readings))
    assert (found.scope.kind, found.scope.name) == ("process", "analytics[812]")
    assert found.confidence >= 0.9
    assert "process_io.read_bytes" in {each.signal for each in found.evidence}


def test_the_reader_is_asked_for_before_the_verdict() -> None:
    found = verdict(CACHE, seconds(final=False, io=0.8, **PASSES))
    assert isinstance(found, Open)
    ((source, pids),) = found.sources
    assert source == "process_io"
    assert "812" in pids


def test_without_figures_of_processes_the_one_in_the_kernel_is_named_less_surely() -> None:
    found = confirmed(CACHE, seconds(io=0.8, **PASSES))
    assert found.scope.name == "analytics[812]"


def test_data_that_is_read_once_is_healthy() -> None:
    found = verdict(CACHE, seconds(io=0.9, pgpgin_kib=400_000, pgscan_kswapd_pages=99_000))
    assert isinstance(found, Refuted)


def test_few_pages_that_come_back_among_many_reads_are_healthy() -> None:
    found = verdict(
        CACHE,
        seconds(io=0.9, workingset_refault_file_pages=300, pgpgin_kib=400_000, pgscan_kswapd_pages=99_000),
    )
    assert isinstance(found, Refuted)
    assert "0%" in found.reason


def test_pages_that_come_back_and_nobody_waits_for_are_healthy() -> None:
    assert isinstance(verdict(CACHE, seconds(io=0.03, **PASSES)), Refuted)


def test_on_a_fast_device_reading_again_costs_processor_time() -> None:
    found = confirmed(CACHE, seconds(io=0.03, works=0.6, **PASSES))
    assert 0.6 < found.impact < 0.65


def test_a_swappiness_of_0_is_told_where_idle_memory_is_kept_for_it() -> None:
    idle = Meminfo(total_bytes=GIB, swap_total_bytes=GIB, swap_free_bytes=GIB, inactive_anon_bytes=GIB // 2)
    settings = {memory_settings.SOURCE: MemorySettings(swappiness=0), meminfo.SOURCE: idle}
    assert "vm.swappiness is 0" in confirmed(CACHE, seconds(io=0.8, beside=settings, **PASSES)).mechanism
    settings = {memory_settings.SOURCE: MemorySettings(swappiness=60), meminfo.SOURCE: idle}
    assert "swappiness" not in confirmed(CACHE, seconds(io=0.8, beside=settings, **PASSES)).mechanism


def test_refaults_of_a_cgroup_at_its_limit_are_the_cgroups() -> None:
    readings = []
    for second in range(6):
        group = CgroupMemory(max_events=50 * second, refaulted_file_pages=9000 * second)
        beside = {cgroup_memory.SOURCE: {"/": CgroupMemory(), "/a": group, "/a/b": group}}
        readings.append({**reading(second, io=0.8, **PASSES), **beside})
    assert isinstance(verdict(CACHE, view(*readings)), Refuted)


def test_a_host_that_evicts_nothing_does_not_thrash() -> None:
    found = verdict(CACHE, seconds(io=0.8, **{**PASSES, "pgscan_kswapd_pages": 0}))
    assert isinstance(found, Refuted)


def test_tasks_that_reclaim_all_the_time_are_a_shortage() -> None:
    found = confirmed(
        SHORT, seconds(waits=0.5, allocstall=300, pgscan_direct_pages=9000, pgsteal_direct_pages=700)
    )
    assert found.scope.kind == "host"
    assert any(each.signal == "vmstat.pgsteal_direct_pages" and each.value < 0.1 for each in found.evidence)


def test_a_process_that_fills_the_machine_is_named() -> None:
    large = {
        processes.SOURCE: {"77": process("java", rss_bytes=GIB // 2), "9": process("sshd", rss_bytes=9000)}
    }
    found = confirmed(SHORT, seconds(waits=0.5, allocstall=300, pgscan_direct_pages=9000, beside=large))
    assert found.scope.name == "java[77]"


def test_watermarks_that_keep_memory_back_are_told() -> None:
    beside = {
        zoneinfo.SOURCE: {"0/Normal": Zone(low_pages=40_000, managed_pages=262_144)},
        memory_settings.SOURCE: MemorySettings(min_free_bytes=128 << 20),
    }
    found = confirmed(SHORT, seconds(waits=0.5, allocstall=300, pgscan_direct_pages=9000, beside=beside))
    assert "a setting and no shortage" in found.mechanism


def test_what_fills_memory_and_is_no_process_is_told() -> None:
    held = Meminfo(
        total_bytes=GIB,
        available_bytes=GIB // 20,
        shmem_bytes=GIB // 2,
        huge_pages_free=128,
        huge_page_bytes=2 << 20,
    )
    short = {"allocstall": 300, "pgscan_direct_pages": 9000}
    found = confirmed(SHORT, seconds(waits=0.5, beside={meminfo.SOURCE: held}, **short))
    assert "512.0 MiB are in tmpfs and shared memory" in found.mechanism
    assert "256.0 MiB are reserved as huge pages (vm.nr_hugepages) and unused" in found.mechanism


def test_reclaim_now_and_then_is_healthy() -> None:
    found = verdict(SHORT, seconds(waits=0.02, allocstall=3, pgscan_direct_pages=400))
    assert isinstance(found, Refuted)


def test_a_large_copy_reclaims_what_it_leaves_and_is_healthy() -> None:
    copied = {"allocstall": 12, "pgscan_direct_pages": 900, "pgsteal_file_pages": 14_000}
    free = {meminfo.SOURCE: Meminfo(total_bytes=GIB, available_bytes=GIB * 8 // 10)}
    found = verdict(SHORT, seconds(waits=0.4, beside=free, **copied))
    assert isinstance(found, Refuted)
    assert "used once" in found.reason
    missed = {**copied, "workingset_refault_file_pages": 9000}
    assert confirmed(SHORT, seconds(waits=0.4, beside=free, **missed)).scope.kind == "host"


def test_pressure_of_a_cgroup_is_no_shortage_of_the_host() -> None:
    assert isinstance(verdict(SHORT, seconds(waits=0.9)), Refuted)


def test_a_copied_tree_whose_tasks_waited_lately_is_undecided() -> None:
    tree = {**reading(1), pressure.SOURCE: Pressure(memory_some_10s_percent=40.0)}
    assert isinstance(verdict(SHORT, view(tree)), Unknown)
    calm = {**tree, pressure.SOURCE: Pressure(memory_some_10s_percent=0.0)}
    assert isinstance(verdict(SHORT, view(calm)), Refuted)
