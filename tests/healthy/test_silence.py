"""Healthy machines are silent: boots of real kernels on which nothing was wrong give no alarming event.

The logs are what Debian's 6.1 and 6.12 kernels printed in QEMU, on a bare cloud machine and on one with
SATA, NVMe, USB and PCIe, as console, `dmesg --json`, syslog and journal. plan.toml says how they were made:
the hosts named idle-N only booted; those named busy-N then did what ordinary-use.sh says.
"""

from pathlib import Path

import msgspec
import pytest

from kernward.events.recognise import recognise
from kernward.logs.sources import open_sources
from kernward.records.events import Event
from kernward.records.fleet import FleetTruth

HEALTHY = Path(__file__).parent
LOGS = sorted(path for path in HEALTHY.glob("*-*/*") if path.is_file())
TRUTH = msgspec.json.decode((HEALTHY / "truth.json").read_bytes(), type=FleetTruth)
KERNELS = {host.name: host.kernel for host in TRUTH.hosts}
ALARMING = {"crash", "hardware", "storage", "network", "resource"}


def events_of(log: Path) -> list[Event]:
    problems: list[object] = []
    events = [event for source in open_sources([log], problems=problems) for event in recognise(source)]
    assert not problems
    return events


def test_there_are_logs_of_every_form() -> None:
    assert len(LOGS) >= 24
    assert {log.name.partition(".")[0] for log in LOGS} == {"console", "dmesg", "journal", "messages"}


@pytest.mark.parametrize("log", LOGS, ids=lambda log: f"{log.parent.name}-{log.name}")
def test_a_healthy_boot_raises_no_alarm(log: Path) -> None:
    alarming = [f"{event.kind}: {event.title}" for event in events_of(log) if event.class_ in ALARMING]
    assert not alarming


@pytest.mark.parametrize("log", LOGS, ids=lambda log: f"{log.parent.name}-{log.name}")
def test_a_healthy_boot_is_read_all_the_same(log: Path) -> None:
    boots = [event for event in events_of(log) if event.kind == "boot"]
    assert len(boots) == 1
    assert boots[0].kernel == KERNELS[log.parent.name]


def test_both_series_are_there_twice_each() -> None:
    for series in ("6.1.", "6.12."):
        assert len({kernel for kernel in KERNELS.values() if kernel.startswith(series)}) >= 2
