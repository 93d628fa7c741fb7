"""Processors and pressure: real trees, and files that are old, torn or foreign."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sources import (
    clocksource,
    cpu,
    cpufreq,
    interrupts,
    pressure,
    schedstat,
    scheduler_settings,
    softirqs,
    stat,
    taint,
    thermal,
    uptime,
    vulnerabilities,
    wall_clock,
)
from tests.collectors.made_trees import made

STAT = """cpu  1926930 642182 254807 1385324 31659 0 2787 4556 1 0
cpu0 932926 317910 122789 740129 7347 0 590 2226 0 0
cpu1 994003 324271 132018 645194 24312 0 2197 2329 0 0
intr 25417600 0 0 16 4253
ctxt 91036763
btime 1795292521
processes 1021773
procs_running 6
procs_blocked 1
softirq 12072418 0 1340723
"""
PRESSURE = """some avg10=91.34 avg60=89.19 avg300=81.43 total=8526304335
full avg10=0.50 avg60=0.25 avg300=0.00 total=1000000
"""


def test_times_are_in_seconds(tmp_path: Path) -> None:
    found = stat.read(made(tmp_path, {"/proc/stat": STAT}))
    assert (found.user_s, found.idle_s, found.steal_s, found.guest_s) == (19269.3, 13853.24, 45.56, 0.01)


def test_single_values_of_stat(tmp_path: Path) -> None:
    found = stat.read(made(tmp_path, {"/proc/stat": STAT}))
    assert (found.interrupts, found.context_switches, found.forks) == (25417600, 91036763, 1021773)
    assert (found.running, found.blocked, found.cpus, found.boot_at_s) == (6, 1, 2, 1795292521)


def test_processors_are_named_as_the_kernel_names_them(tmp_path: Path) -> None:
    found = cpu.read(made(tmp_path, {"/proc/stat": STAT}), None)
    assert {name: each.softirq_s for name, each in found.items()} == {"cpu0": 5.9, "cpu1": 21.97}


def test_an_offline_processor_is_not_there(tmp_path: Path) -> None:
    text = "\n".join(line for line in STAT.splitlines() if not line.startswith("cpu0"))
    root = made(tmp_path, {"/proc/stat": text})
    assert list(cpu.read(root, None)) == ["cpu1"]
    assert stat.read(root).cpus == 1


def test_a_line_of_an_older_kernel_has_fewer_times(tmp_path: Path) -> None:
    found = stat.read(made(tmp_path, {"/proc/stat": "cpu  100 0 50 900\n"}))
    assert (found.user_s, found.idle_s, found.steal_s) == (1.0, 9.0, None)


@pytest.mark.parametrize("text", ["", "intr 5\n", "\0", "cpux 1 2 3\n"])
def test_what_is_no_stat_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unavailable, match="does not begin with the line 'cpu'"):
        stat.read(made(tmp_path, {"/proc/stat": text}))


def test_torn_values_are_absent(tmp_path: Path) -> None:
    found = stat.read(made(tmp_path, {"/proc/stat": "cpu  1 x 3\nctxt\nintr -5 3\nprocs_running 1e9\n"}))
    assert (found.user_s, found.nice_s, found.system_s) == (0.01, None, 0.03)
    assert (found.context_switches, found.interrupts, found.running) == (None, None, None)


def test_pressure_is_in_seconds_and_percent(tmp_path: Path) -> None:
    files = {f"/proc/pressure/{name}": PRESSURE for name in ("cpu", "memory", "io")}
    found = pressure.read(made(tmp_path, files))
    assert (found.cpu_some_s, found.cpu_some_10s_percent) == (8526.304335, 91.34)
    assert (found.io_full_s, found.io_full_60s_percent, found.irq_full_s) == (1.0, 0.25, None)


def test_pressure_of_interrupts_where_there_is_any(tmp_path: Path) -> None:
    files = {"/proc/pressure/cpu": PRESSURE, "/proc/pressure/irq": PRESSURE.splitlines()[1]}
    assert pressure.read(made(tmp_path, files)).irq_full_s == 1.0


def test_a_kernel_without_pressure_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="without PSI"):
        pressure.read(made(tmp_path, {"/proc/stat": STAT}))


@pytest.mark.parametrize("text", ["", "some\n", "some avg10=x avg60=0 avg300=0 total=1\n", "\0 \0"])
def test_torn_pressure_is_absent(tmp_path: Path, text: str) -> None:
    assert pressure.read(made(tmp_path, {"/proc/pressure/cpu": text})).cpu_some_s is None


SCHEDSTAT = """version 15
timestamp 4295019211
cpu0 0 0 0 0 0 0 24170000000 1830000000 20310
domain0 00000003 0 0 0
cpu1 0 0 0 0 0 0 1000000000 500000000 77
"""


def test_schedstat_is_in_seconds(tmp_path: Path) -> None:
    found = schedstat.read(made(tmp_path, {"/proc/schedstat": SCHEDSTAT}), None)
    assert found == {
        "cpu0": schedstat.Schedstat(24.17, 1.83, 20310),
        "cpu1": schedstat.Schedstat(1.0, 0.5, 77),
    }


def test_a_torn_schedstat_leaves_out_its_last_cpu(tmp_path: Path) -> None:
    text = SCHEDSTAT[: SCHEDSTAT.index("500000000 77")]
    assert list(schedstat.read(made(tmp_path, {"/proc/schedstat": text}), None)) == ["cpu0"]


def test_softirqs_are_by_cpu(tmp_path: Path) -> None:
    text = "      CPU0   CPU2\n  HI:  1  2\n NET_RX:  30  40\n NEW:  5  5\n RCU:  7\n"
    found = softirqs.read(made(tmp_path, {"/proc/softirqs": text}), None)
    assert {name: (each.hi, each.net_rx, each.rcu) for name, each in found.items()} == {
        "cpu0": (1, 30, None),
        "cpu2": (2, 40, None),
    }


INTERRUPTS = """           CPU0       CPU1
 36:          0    4071796 PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0
 37:          0          0 PCI-MSIX-0000:00:03.0   0-edge      virtio2-config
LOC:    6067101    6224828   Local timer interrupts
ERR:          3
BAD:          x          1   Torn
"""


def test_interrupts_with_their_cpus_and_drivers(tmp_path: Path) -> None:
    found = interrupts.read(made(tmp_path, {"/proc/interrupts": INTERRUPTS}), None)
    assert list(found) == ["36", "LOC", "ERR"]
    assert (found["36"].count, found["36"].by_cpu) == (4071796, (0, 4071796))
    assert found["36"].doc == "PCI-MSIX-0000:00:02.0 1-edge virtio1-req.0"
    assert (found["LOC"].count, found["LOC"].doc) == (12291929, "Local timer interrupts")
    assert (found["ERR"].count, found["ERR"].by_cpu) == (3, None)


def test_clocks_and_heat_of_cpus(tmp_path: Path) -> None:
    at = "/sys/devices/system/cpu/cpu0"
    root = made(
        tmp_path,
        {
            f"{at}/cpufreq/scaling_cur_freq": "800000\n",
            f"{at}/cpufreq/cpuinfo_max_freq": "3600000\n",
            f"{at}/cpufreq/scaling_max_freq": "3600000\n",
            f"{at}/cpufreq/scaling_governor": "powersave\n",
            f"{at}/thermal_throttle/core_throttle_count": "12\n",
            f"{at}/thermal_throttle/core_throttle_total_time_ms": "1500\n",
            "/sys/devices/system/cpu/cpufreq/boost": "1\n",
        },
    )
    found = cpufreq.read(root, None)
    assert list(found) == ["cpu0"]
    assert (found["cpu0"].current_hz, found["cpu0"].highest_hz) == (800_000_000, 3_600_000_000)
    assert (found["cpu0"].governor, found["cpu0"].throttles, found["cpu0"].throttled_s) == (
        "powersave",
        12,
        1.5,
    )


def test_a_machine_that_tells_no_clocks_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not tell the clock"):
        cpufreq.read(made(tmp_path, {"/sys/devices/system/cpu/online": "0\n"}), None)


def test_temperatures_and_trip_points(tmp_path: Path) -> None:
    at = "/sys/class/thermal/thermal_zone0"
    root = made(
        tmp_path,
        {
            f"{at}/type": "x86_pkg_temp\n",
            f"{at}/temp": "93500\n",
            f"{at}/trip_point_0_type": "critical\n",
            f"{at}/trip_point_0_temp": "100000\n",
            f"{at}/trip_point_1_type": "passive\n",
            f"{at}/trip_point_1_temp": "90000\n",
        },
    )
    assert thermal.read(root, None) == {
        "thermal_zone0": thermal.Thermal("x86_pkg_temp", 93.5, 90.0, None, 100.0)
    }


def test_the_clock_source_and_the_others(tmp_path: Path) -> None:
    at = "/sys/devices/system/clocksource/clocksource0"
    files = {f"{at}/current_clocksource": "hpet\n", f"{at}/available_clocksource": "tsc hpet acpi_pm \n"}
    found = clocksource.read(made(tmp_path, files))
    assert (found.current, found.available) == ("hpet", ("tsc", "hpet", "acpi_pm"))


@pytest.mark.parametrize(
    ("current", "flags", "virtual"),
    [("hpet", "fpu hypervisor", True), ("hpet", "fpu vme", False), ("tsc", "fpu hypervisor", None)],
)
def test_whether_the_machine_is_virtual_is_asked_when_the_time_comes_from_a_device(
    tmp_path: Path, current: str, flags: str, virtual: bool | None
) -> None:
    at = "/sys/devices/system/clocksource/clocksource0"
    files = {f"{at}/current_clocksource": current, "/proc/cpuinfo": f"processor\t: 0\nflags\t\t: {flags}\n"}
    assert clocksource.read(made(tmp_path, files)).virtual is virtual


def test_the_wall_clock_of_a_copied_tree_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="only the running machine"):
        wall_clock.read(Root(tmp_path))


def test_the_wall_clock_of_this_machine() -> None:
    found = wall_clock.read(Root())
    assert found.up_s is not None
    assert found.up_s > 0
    assert found.synchronised in (True, False, None)


def test_what_taints_a_kernel(tmp_path: Path) -> None:
    found = taint.read(made(tmp_path, {"/proc/sys/kernel/tainted": "12801\n"}))
    assert (found.mask, found.letters) == (12801, "PWOE")


def test_mitigations_of_processor_flaws(tmp_path: Path) -> None:
    files = {"/sys/devices/system/cpu/vulnerabilities/meltdown": "Vulnerable\n"}
    found = vulnerabilities.read(made(tmp_path, files), None)
    assert found == {"meltdown": vulnerabilities.Vulnerability("Vulnerable")}


def test_settings_that_are_not_there_are_absent(tmp_path: Path) -> None:
    files = {"/proc/sys/kernel/sched_rt_runtime_us": "-1\n", "/proc/cmdline": "ro mitigations=off quiet\n"}
    root = made(tmp_path, files)
    found = scheduler_settings.read(root)
    assert (found.rt_runtime_s, found.rt_period_s, found.mitigations_off) == (-1e-6, None, True)
    assert root.missing == {}


def test_uptime(tmp_path: Path) -> None:
    found = uptime.read(made(tmp_path, {"/proc/uptime": "18204.31 13980.02\n"}))
    assert (found.up_s, found.idle_s) == (18204.31, 13980.02)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\0",
        "x y z",
        "CPU0\n",
        "\n\n",
        "version\n",
        "9" * 4000,
        "version 15\ncpu0" + " 9" * 8 + " " + "9" * 5000,
    ],
)
@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/proc/stat", stat),
        ("/proc/schedstat", schedstat),
        ("/proc/softirqs", softirqs),
        ("/proc/interrupts", interrupts),
        ("/proc/uptime", uptime),
        ("/proc/sys/kernel/tainted", taint),
        ("/sys/devices/system/clocksource/clocksource0/current_clocksource", clocksource),
        ("/sys/class/thermal/thermal_zone0/temp", thermal),
        ("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", cpufreq),
    ],
)
def test_torn_and_foreign_files_are_refused_or_empty(
    tmp_path: Path, path: str, source: Any, text: str
) -> None:
    with suppress(Unavailable):
        found = source.SOURCE.read(
            made(tmp_path, {path: text}), *([None] if source.SOURCE.scope != "host" else [])
        )
        msgspec.json.encode(found)
