"""What only grows, in a process and in the kernel, and what grows for a good reason."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kernward.collectors.sources import (
    cgroup_memory,
    kernel_events,
    meminfo,
    process_cgroups,
    process_status,
    processes,
    slabinfo,
    vmstat,
    zoneinfo,
)
from kernward.collectors.sources.cgroup_memory import CgroupMemory
from kernward.collectors.sources.meminfo import Meminfo
from kernward.collectors.sources.process_cgroups import ProcessCgroups
from kernward.collectors.sources.process_status import ProcessStatus
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.slabinfo import Slab
from kernward.collectors.sources.vmstat import Vmstat
from kernward.collectors.window import Window
from kernward.diagnosis.hypotheses import kernel_memory_leak, process_memory_leak
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.kernel_log import event, log
from tests.diagnosis.windows import confirmed, verdict, view

PROCESS, KERNEL = process_memory_leak.HYPOTHESIS, kernel_memory_leak.HYPOTHESIS
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def memory(**fields: Any) -> dict[Any, Any]:
    return {meminfo.SOURCE: Meminfo(total_bytes=GIB, available_bytes=GIB // 2, **fields)}


def grows(
    held: Callable[[int], float],
    *,
    cpu: float = 0.03,
    count: int = 7,
    every_s: float = 1.0,
    final: bool = True,
    anonymous: float | None = None,
    **fields: Any,
) -> View:
    """A process that holds so many MiB at each second."""
    readings = []
    for second in range(count):
        leaky = Process(
            "order-cache",
            "S",
            1,
            20.0,
            False,
            rss_bytes=int(held(second) * MIB),
            user_s=cpu * second,
            system_s=0.0,
            **{name: each * second for name, each in fields.items()},
        )
        still = Process("sshd", "S", 1, 5.0, False, rss_bytes=9 * MIB, user_s=0.0, system_s=0.0)
        readings.append({**memory(), processes.SOURCE: {"812": leaky, "9": still}})
        if anonymous is not None:
            readings[-1][process_status.SOURCE] = {
                "812": ProcessStatus(
                    anonymous_bytes=int(anonymous * second * MIB),
                    file_bytes=int((4 - anonymous) * second * MIB),
                )
            }
    return view(*readings, every_s=every_s, final=final)


def test_a_process_that_grows_evenly_and_does_little_is_named() -> None:
    found = confirmed(PROCESS, grows(lambda second: 40 + 4 * second))
    assert (found.scope.kind, found.scope.name) == ("process", "order-cache[812]")
    assert "4.0 MiB a second" in found.mechanism
    assert "2 minutes" in found.mechanism
    assert found.plots[0].values[-1] == 64 * MIB


def test_three_readings_of_a_slow_machine_are_enough_if_they_lie_apart() -> None:
    assert confirmed(PROCESS, grows(lambda number: 40 + 8 * number, count=3, every_s=3.0)).confidence == 0.7
    assert isinstance(verdict(PROCESS, grows(lambda number: 40 + 8 * number, count=4)), Unknown)


def test_readings_that_lie_close_together_break_no_growth() -> None:
    seen = grows(lambda number: 40 + 4 * (number if number < 4 else number - 1), count=8)
    third, fourth = seen.window.samples[3:5]
    # One look ended and the next began: two readings of the same moment.
    again = msgspec.structs.replace(fourth, at_s=third.at_s, read_at_s=third.read_at_s)
    samples = (*seen.window.samples[:4], again, *seen.window.samples[5:])
    assert confirmed(PROCESS, View(Window(samples))).scope.name == "order-cache[812]"


def test_two_readings_tell_no_steady_growth() -> None:
    assert isinstance(verdict(PROCESS, grows(lambda number: 40 + 8 * number, count=2, every_s=6.0)), Unknown)


def test_a_process_that_grows_is_looked_at_closely_first() -> None:
    for count in (2, 7):
        found = verdict(PROCESS, grows(lambda second: 40 + 4 * second, count=count, every_s=6.0, final=False))
        assert isinstance(found, Open)
        assert found.sources == (("process_status", ("812",)),)


def test_the_limit_of_its_cgroup_ends_it_sooner() -> None:
    seen = grows(lambda second: 40 + 4 * second)
    beside = {
        process_cgroups.SOURCE.name: {"812": ProcessCgroups("/", {"memory": "/pods/order/c1"})},
        cgroup_memory.SOURCE.name: {
            "/": CgroupMemory(),
            "/pods": CgroupMemory(limit_bytes=GIB, usage_bytes=70 * MIB),
            "/pods/order": CgroupMemory(limit_bytes=100 * MIB, usage_bytes=80 * MIB, file_bytes=8 * MIB),
            "/elsewhere": CgroupMemory(limit_bytes=MIB, usage_bytes=MIB),
        },
    }
    samples = [msgspec.structs.replace(each, read={**each.read, **beside}) for each in seen.window.samples]
    found = confirmed(PROCESS, View(Window(samples)))
    assert "the 28.0 MiB that the limit of /pods/order leaves" in found.mechanism
    assert found.evidence[-1].scope.name == "/pods/order"


def test_growth_of_mapped_files_is_no_leak() -> None:
    assert (
        confirmed(PROCESS, grows(lambda second: 40 + 4 * second, anonymous=3.5)).scope.name
        == "order-cache[812]"
    )
    assert isinstance(verdict(PROCESS, grows(lambda second: 40 + 4 * second, anonymous=0.5)), Refuted)


def test_a_leak_that_paused_at_the_end_is_told_less_surely() -> None:
    found = confirmed(PROCESS, grows(lambda second: 40 + 4 * min(second, 7), count=11))
    assert found.confidence < 0.7
    assert "It has paused since." in found.mechanism


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("nothing grows", grows(lambda second: 40)),
        ("a compiler works as fast as it can", grows(lambda second: 40 + 30 * second, cpu=0.98)),
        ("what it works on explains it", grows(lambda second: 40 + second, cpu=0.1)),
        ("a buffer is filled once", grows(lambda second: 40 + (50 if second > 3 else 0))),
        ("a collector gives back", grows(lambda second: 40 + 8 * (second % 3))),
        ("a start is over after some seconds", grows(lambda second: 40 + 10 * min(second, 3))),
        ("it gave back what it took", grows(lambda second: 40 + 4 * (second if second < 6 else 0))),
        ("a file is mapped", grows(lambda second: 40 + 4 * second, major_faults=64)),
        ("so little would take weeks", grows(lambda second: 40 + 0.1 * second)),
    ],
    ids=lambda each: each.replace(" ", "-") if isinstance(each, str) else "",
)
def test_what_grows_for_a_reason_is_no_leak(name: str, seen: View) -> None:
    assert isinstance(verdict(PROCESS, seen), Refuted)


def test_a_pid_that_another_process_took_over_did_not_grow() -> None:
    readings = []
    for second in range(7):
        born = Process("cc1", "R", 1, 20.0 + second, False, rss_bytes=(10 + 10 * second) * MIB, user_s=0.0)
        readings.append({**memory(), processes.SOURCE: {"812": born}})
    assert isinstance(verdict(PROCESS, view(*readings)), Refuted)


def test_who_reads_the_machine_keeps_what_it_has_read() -> None:
    seen = grows(lambda second: 40 + 4 * second).window.samples
    last = msgspec.structs.replace(seen[-1], reader="812")
    assert isinstance(verdict(PROCESS, View(Window([*seen[:-1], last]), final=True)), Refuted)


def test_one_reading_tells_no_growth() -> None:
    assert isinstance(verdict(PROCESS, grows(lambda second: 40 + 4 * second, count=1)), Unknown)


def slab(
    second: int,
    *,
    base: float = 20.0,
    a_second: float = 0.0,
    cache: str = "kmalloc-512",
    held: float = 0,
    **fields: Any,
) -> dict[Any, Any]:
    """Unreclaimable slab in MiB, and the cache in which it grows."""
    grown = a_second * second
    return {
        **memory(slab_unreclaimable_bytes=int((base + grown) * MIB), **fields),
        slabinfo.SOURCE: {
            cache: Slab(0, 0, 512, int((held + grown) * MIB)),
            "dentry": Slab(0, 0, 192, 30 * MIB),
            "kmalloc-64": Slab(0, 0, 64, 2 * MIB),
        },
        kernel_events.SOURCE: {},
    }


def test_slab_that_grows_reading_after_reading_is_a_leak_and_its_cache_is_named() -> None:
    found = confirmed(KERNEL, view(*(slab(second, a_second=2) for second in range(7))))
    assert found.scope.kind == "host"
    assert "2.0 MiB a second" in found.mechanism
    assert "kmalloc-512" in found.mechanism


def test_vmalloc_memory_that_grows_is_one_too() -> None:
    readings = (
        {**memory(slab_unreclaimable_bytes=MIB, vmalloc_used_bytes=(5 + 3 * second) * MIB)}
        for second in range(7)
    )
    assert "Vmalloc() memory" in confirmed(KERNEL, view(*readings)).mechanism


def nameless(second: int, used: float, zspages: int = 0) -> dict[Any, Any]:
    """A machine of 1 GiB on which so many MiB more are in no count each second."""
    free = 700 - used * second
    return {
        **memory(free_bytes=int(free * MIB), anon_bytes=200 * MIB, slab_unreclaimable_bytes=20 * MIB),
        vmstat.SOURCE: Vmstat(nr_free_pages=int(free * 256), nr_zspages=zspages * second),
    }


def test_memory_that_is_in_no_count_and_grows_is_the_kernels() -> None:
    found = confirmed(KERNEL, view(*(nameless(second, 10) for second in range(7))))
    assert "Memory that is in no count grew by 10.0 MiB a second" in found.mechanism


def test_what_zram_holds_has_a_count_elsewhere() -> None:
    assert isinstance(verdict(KERNEL, view(*(nameless(second, 10, 2560) for second in range(7)))), Refuted)


def test_free_pages_that_each_cpu_keeps_after_a_large_file_was_deleted_are_not_the_kernels() -> None:
    readings = [nameless(second, 10) for second in range(7)]
    for second, reading in enumerate(readings):
        reading[zoneinfo.SOURCE] = {"0/Normal": zoneinfo.Zone(per_cpu_pages=2560 * second)}
    assert isinstance(verdict(KERNEL, view(*readings)), Refuted)


def test_a_cache_of_another_name_must_hold_far_more() -> None:
    large = (slab(second, base=170, held=150, cache="nouveau_thing") for second in range(2))
    assert "nouveau_thing holds 150.0 MiB" in confirmed(KERNEL, view(*large)).mechanism
    small = (slab(second, base=60, held=50, cache="nouveau_thing") for second in range(2))
    assert isinstance(verdict(KERNEL, view(*small)), Refuted)


def test_one_reading_tells_no_growth_of_the_kernel() -> None:
    assert isinstance(verdict(KERNEL, view(slab(0, base=150))), Unknown)
    few = verdict(KERNEL, view(slab(0, base=10)))
    assert isinstance(few, Refuted)
    assert "too little to matter" in few.reason


def test_a_cache_of_kmalloc_that_is_far_too_large_is_suspected() -> None:
    found = confirmed(KERNEL, view(*(slab(second, base=40, held=22) for second in range(7))))
    assert found.confidence < 0.6
    assert "kmalloc-512 holds 22.0 MiB" in found.mechanism


def test_what_kmemleak_found_is_believed() -> None:
    report = log(event("kmemleak-summary", 30.0, "kmemleak: 33 new suspected memory leaks"))
    found = confirmed(KERNEL, view(*({**slab(second), **report} for second in range(2))))
    assert found.confidence >= 0.9


def test_objects_of_processes_and_connections_are_theirs() -> None:
    found = verdict(KERNEL, view(*(slab(second, a_second=2, cache="task_struct") for second in range(7))))
    assert isinstance(found, Refuted)
    assert "task_struct" in found.reason


def test_slab_that_grows_in_many_caches_is_more_work() -> None:
    readings = []
    for second in range(7):
        reading = slab(second, a_second=2)
        reading[slabinfo.SOURCE]["kmalloc-512"] = Slab(0, 0, 512, int(0.6 * second * MIB))
        readings.append(reading)
    assert isinstance(verdict(KERNEL, view(*readings)), Refuted)


def test_what_file_systems_keep_for_each_page_grows_with_the_cache() -> None:
    readings = (slab(second, a_second=2, cached_bytes=(100 + 200 * second) * MIB) for second in range(7))
    assert isinstance(verdict(KERNEL, view(*readings)), Refuted)


def test_a_large_cache_beside_a_large_page_cache_is_healthy() -> None:
    readings = (slab(second, base=40, held=22, cached_bytes=GIB * 9 // 10) for second in range(7))
    assert isinstance(verdict(KERNEL, view(*readings)), Refuted)


def test_slab_that_comes_and_goes_is_healthy() -> None:
    readings = (slab(second, base=20 + second % 3 * 2) for second in range(7))
    assert isinstance(verdict(KERNEL, view(*readings)), Refuted)
