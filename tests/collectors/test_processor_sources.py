"""Processors and pressure: real trees, and files that are old, torn or foreign."""

from pathlib import Path

import pytest

from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sources import cpu, pressure, stat

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


def root_with(folder: Path, files: dict[str, str]) -> Root:
    for path, text in files.items():
        at = Path(str(folder) + path)
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)
    return Root(folder)


def test_times_are_in_seconds(tmp_path: Path) -> None:
    found = stat.read(root_with(tmp_path, {"/proc/stat": STAT}))
    assert (found.user_s, found.idle_s, found.steal_s, found.guest_s) == (19269.3, 13853.24, 45.56, 0.01)


def test_single_values_of_stat(tmp_path: Path) -> None:
    found = stat.read(root_with(tmp_path, {"/proc/stat": STAT}))
    assert (found.interrupts, found.context_switches, found.forks) == (25417600, 91036763, 1021773)
    assert (found.running, found.blocked, found.cpus, found.boot_at_s) == (6, 1, 2, 1795292521)


def test_processors_are_named_as_the_kernel_names_them(tmp_path: Path) -> None:
    found = cpu.read(root_with(tmp_path, {"/proc/stat": STAT}), None)
    assert {name: each.softirq_s for name, each in found.items()} == {"cpu0": 5.9, "cpu1": 21.97}


def test_an_offline_processor_is_not_there(tmp_path: Path) -> None:
    text = "\n".join(line for line in STAT.splitlines() if not line.startswith("cpu0"))
    root = root_with(tmp_path, {"/proc/stat": text})
    assert list(cpu.read(root, None)) == ["cpu1"]
    assert stat.read(root).cpus == 1


def test_a_line_of_an_older_kernel_has_fewer_times(tmp_path: Path) -> None:
    found = stat.read(root_with(tmp_path, {"/proc/stat": "cpu  100 0 50 900\n"}))
    assert (found.user_s, found.idle_s, found.steal_s) == (1.0, 9.0, None)


@pytest.mark.parametrize("text", ["", "intr 5\n", "\0", "cpux 1 2 3\n"])
def test_what_is_no_stat_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unavailable, match="does not begin with the line 'cpu'"):
        stat.read(root_with(tmp_path, {"/proc/stat": text}))


def test_torn_values_are_absent(tmp_path: Path) -> None:
    found = stat.read(root_with(tmp_path, {"/proc/stat": "cpu  1 x 3\nctxt\nintr -5 3\nprocs_running 1e9\n"}))
    assert (found.user_s, found.nice_s, found.system_s) == (0.01, None, 0.03)
    assert (found.context_switches, found.interrupts, found.running) == (None, None, None)


def test_the_file_is_read_once_a_sample(tmp_path: Path) -> None:
    root = root_with(tmp_path, {"/proc/stat": STAT})
    stat.read(root)
    (tmp_path / "proc/stat").unlink()
    assert len(cpu.read(root, None)) == 2


def test_pressure_is_in_seconds_and_percent(tmp_path: Path) -> None:
    files = {f"/proc/pressure/{name}": PRESSURE for name in ("cpu", "memory", "io")}
    found = pressure.read(root_with(tmp_path, files))
    assert (found.cpu_some_s, found.cpu_some_10s_percent) == (8526.304335, 91.34)
    assert (found.io_full_s, found.io_full_60s_percent, found.irq_full_s) == (1.0, 0.25, None)


def test_pressure_of_interrupts_where_there_is_any(tmp_path: Path) -> None:
    files = {"/proc/pressure/cpu": PRESSURE, "/proc/pressure/irq": PRESSURE.splitlines()[1]}
    assert pressure.read(root_with(tmp_path, files)).irq_full_s == 1.0


def test_a_kernel_without_pressure_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="without PSI"):
        pressure.read(root_with(tmp_path, {"/proc/stat": STAT}))


@pytest.mark.parametrize("text", ["", "some\n", "some avg10=x avg60=0 avg300=0 total=1\n", "\0 \0"])
def test_torn_pressure_is_absent(tmp_path: Path, text: str) -> None:
    assert pressure.read(root_with(tmp_path, {"/proc/pressure/cpu": text})).cpu_some_s is None
