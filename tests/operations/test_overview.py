"""Two samples as an overview: rates where they are known, nothing where they are not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernward.collectors.sample import Sample
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
from kernward.collectors.sources.cgroup_io import CgroupIo
from kernward.collectors.sources.cgroup_memory import CgroupMemory
from kernward.collectors.sources.diskstats import Diskstats
from kernward.collectors.sources.pressure import Pressure
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.stat import Stat
from kernward.operations.overview import MOST_ROWS, overview

START = datetime(2026, 1, 2, tzinfo=UTC)


def sample(at_s: float, boot: str = "b1", **read: Any) -> Sample:
    return Sample(
        host="web1",
        boot_id=boot,
        kernel="6.1.0",
        at_utc=START + timedelta(seconds=at_s),
        at_s=at_s,
        read=read,
        read_at_s=dict.fromkeys(read, at_s),
        absent={"pressure": "/proc/pressure: there is no such file"},
    )


def process(used_s: float, start_s: float = 1.0, **fields: Any) -> Process:
    return Process("nginx", "S", 1, start_s, False, user_s=used_s, system_s=0.0, **fields)


def test_a_process_that_used_a_second_of_two_used_half_a_cpu() -> None:
    found = overview(
        sample(10, processes={"7": process(1.0)}), sample(12, processes={"7": process(2.0)})
    ).processes
    assert [(each.pid, each.comm, each.cpu_percent) for each in found] == [(7, "nginx", 50.0)]


def test_one_that_took_over_a_pid_has_no_rate_yet() -> None:
    before, after = process(100.0), process(0.5, start_s=11.0)
    found = overview(sample(10, processes={"7": before}), sample(12, processes={"7": after})).processes
    assert found[0].cpu_percent is None


def test_a_counter_that_was_reset_has_no_rate() -> None:
    before, after = {"vda": Diskstats(busy_ms=500, reads=5)}, {"vda": Diskstats(busy_ms=10, reads=6)}
    (found,) = overview(sample(10, diskstats=before), sample(12, diskstats=after)).devices
    assert (found.busy_percent, found.reads_per_s) == (None, 0.5)


def test_a_counter_of_32_bits_goes_on_when_it_wraps() -> None:
    before, after = {"vda": Diskstats(busy_ms=(1 << 32) - 500)}, {"vda": Diskstats(busy_ms=500)}
    (found,) = overview(sample(10, diskstats=before), sample(12, diskstats=after)).devices
    assert found.busy_percent == 50.0


def test_a_device_has_the_mean_time_of_the_requests_that_ended() -> None:
    before = {"vda": Diskstats(reads=10, writes=10, read_ms=100, write_ms=100)}
    after = {"vda": Diskstats(reads=20, writes=20, read_ms=180, write_ms=220)}
    (found,) = overview(sample(10, diskstats=before), sample(12, diskstats=after)).devices
    assert found.latency_ms == pytest.approx(10.0)


def test_a_cgroup_is_joined_from_its_sources() -> None:
    before = {
        "cgroup_cpu": {"/a": CgroupCpu(usage_s=1.0, periods=10, throttled_periods=5)},
        "cgroup_io": {"/a": CgroupIo(read_bytes={"vda": 0, "vdb": 0})},
    }
    after = {
        "cgroup_cpu": {
            "/a": CgroupCpu(usage_s=1.4, periods=30, throttled_periods=24, quota_s=0.02, period_s=0.1)
        },
        "cgroup_memory": {"/a": CgroupMemory(usage_bytes=1000, limit_bytes=2000), "/b": CgroupMemory()},
        "cgroup_io": {"/a": CgroupIo(read_bytes={"vda": 1000, "vdb": 3000})},
    }
    found = {each.name: each for each in overview(sample(10, **before), sample(12, **after)).cgroups}
    one = found["/a"]
    assert one.cpu_percent == pytest.approx(20.0)
    assert one.quota_cpus == pytest.approx(0.2)
    assert one.throttled_percent == 95.0
    assert (one.memory_bytes, one.memory_limit_bytes, one.read_bytes_per_s) == (1000, 2000, 2000.0)
    assert found["/b"].cpu_percent is None


def test_shares_of_processor_time_add_up_to_the_whole() -> None:
    before = Stat(
        user_s=0.0, nice_s=0.0, system_s=0.0, idle_s=0.0, iowait_s=0.0, irq_s=0.0, softirq_s=0.0, steal_s=0.0
    )
    after = Stat(
        user_s=1.0, nice_s=0.0, system_s=1.0, idle_s=1.0, iowait_s=1.0, irq_s=0.0, softirq_s=0.0, steal_s=0.0
    )
    found = overview(sample(10, stat=before), sample(12, stat=after)).processors
    assert (found.user_percent, found.system_percent, found.idle_percent) == (25.0, 25.0, 25.0)


def test_pressure_is_a_part_of_the_time() -> None:
    before, after = Pressure(cpu_some_s=1.0), Pressure(cpu_some_s=1.5)
    (found, *_) = overview(sample(10, pressure=before), sample(12, pressure=after)).stalls
    assert (found.resource, found.some_percent) == ("cpu", 25.0)


def test_samples_of_two_boots_are_not_compared() -> None:
    found = overview(
        sample(10, boot="b1", processes={"7": process(1.0)}),
        sample(12, boot="b2", processes={"7": process(2.0)}),
    )
    assert (found.seconds, found.processes[0].cpu_percent) == (None, None)


def test_a_machine_of_which_nothing_can_be_read_is_an_overview_without_numbers() -> None:
    found = overview(sample(10), sample(12))
    assert found.processors.user_percent is None
    assert (found.cgroups, found.stalls) == ((), ())
    assert found.unreadable == {"pressure": "/proc/pressure: there is no such file"}


def test_lists_are_bounded_and_what_is_stuck_comes_first() -> None:
    many = {str(pid): process(0.0, rss_bytes=pid) for pid in range(1, MOST_ROWS + 11)}
    stuck = Process("dd", "D", 1, 1.0, False)
    found = overview(sample(10, processes=many), sample(12, processes=many | {"900": stuck}))
    assert len(found.processes) == MOST_ROWS
    assert found.processes[0].comm == "dd"
    assert found.left_out == {"processes": 11}
