"""Healthy machines are silent: boots of real kernels on which nothing was wrong give no alarming event.

The logs are what Debian's 6.1 and 6.12 kernels printed in QEMU, on a bare cloud machine and on one with
SATA, NVMe, USB and PCIe, as console, `dmesg --json` and syslog. `*-boot-*` only booted; `*-used-*` then
did what ordinary-use.sh says.
"""

from pathlib import Path

import pytest

from kernward.events.recognise import recognise
from kernward.logs.sources import open_sources
from kernward.records.events import Event

LOGS = sorted(Path(__file__).parent.glob("*.log*"))
ALARMING = {"crash", "hardware", "storage", "network", "resource"}


def events_of(log: Path) -> list[Event]:
    problems: list[object] = []
    events = [event for source in open_sources([log], problems=problems) for event in recognise(source)]
    assert not problems
    return events


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.name)
def test_a_healthy_boot_raises_no_alarm(log: Path) -> None:
    alarming = [f"{event.kind}: {event.title}" for event in events_of(log) if event.class_ in ALARMING]
    assert not alarming


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.name)
def test_a_healthy_boot_is_read_all_the_same(log: Path) -> None:
    boots = [event for event in events_of(log) if event.kind == "boot"]
    assert len(boots) == 1
    kernel = next(release for release in RELEASES if log.name.startswith(release))
    assert boots[0].kernel == kernel


# Longest first: one release may be the beginning of another.
RELEASES = sorted(
    {log.name.partition("-boot-")[0] for log in LOGS if "-boot-" in log.name}, key=len, reverse=True
)


def test_both_series_are_there_twice_each() -> None:
    for series in ("6.1.", "6.12."):
        assert len([log for log in LOGS if log.name.startswith(series)]) >= 4
