"""What was read of real machines, 6.1 and 6.12, with faults of storage and without: the cause that must come first.

Each file of `machines/` holds the samples of one check, the sources of storage alone. They were taken in guests of
`kernward vm`, most with its faults, the others with throttled disks and mapped devices.
"""

from pathlib import Path

import pytest

from kernward.collectors import snapshot_file
from kernward.collectors.window import Window
from kernward.diagnosis import engine
from kernward.diagnosis.hypotheses import hypotheses
from kernward.diagnosis.view import View

MACHINES = Path(__file__).parent / "machines"
CAUSES = {
    "cgroup-io-limit-6.1": ("cgroup-io-limit", "/batch"),
    "dirty-page-stall-6.1": ("dirty-page-throttling", "vda"),
    "dirty-page-stall-journal-6.1": ("dirty-page-throttling", "vda"),
    "ext4-corruption-6.1": ("filesystem-corrupted", "vda"),
    "failed-disk-6.12": ("device-failed", "dm-0"),
    "filesystem-full-6.12": ("filesystem-full", "vda"),
    "flaky-disk-6.12": ("device-failing", "dm-0"),
    "frozen-filesystem-6.1": ("filesystem-frozen", "postgres[99]"),
    "frozen-filesystem-thawed-6.12": ("filesystem-frozen", "postgres[148]"),
    "fsync-load-100-a-second-6.12": ("fsync-load", "ledger[152]"),
    "fsync-load-6.12": ("fsync-load", "event-store[161]"),
    "inodes-exhausted-6.12": ("filesystem-inodes-exhausted", "vda"),
    "io-saturation-20-a-second-6.1": ("device-saturated", "vda"),
    "io-saturation-3000-a-second-6.12": ("device-saturated", "vda"),
    "io-saturation-6.1": ("device-saturated", "vda"),
    "medium-error-6.12": ("device-medium-error", "sda"),
    "mirror-failure-6.12": ("device-failed", "dm-0"),
    "network-disk-stopped-6.12": ("remote-storage-hung", "nbd0"),
    "nvme-error-6.12": ("device-medium-error", "nvme0n1"),
    "nvme-timeout-6.1": ("device-slow", "nvme0n1"),
    "read-only-remount-6.1": ("filesystem-read-only", "vda"),
    "sata-error-6.12": ("device-medium-error", "sda"),
    "sata-timeout-6.1": ("device-slow", "sda"),
    "slow-disk-16-threads-6.12": ("device-slow", "dm-0"),
    "slow-disk-5ms-6.1": ("device-slow", "dm-0"),
    "slow-disk-5s-6.12": ("device-slow", "dm-0"),
    "slow-disk-6.12": ("device-slow", "dm-0"),
    "slow-disk-with-writers-6.1": ("device-slow", "dm-0"),
    "slow-reading-6.12": ("device-slow", "vdb"),
    "suspended-mapping-6.12": ("device-hung", "dm-0"),
    "verity-corruption-6.12": ("device-data-changed", "dm-0"),
    "xfs-corruption-6.12": ("filesystem-corrupted", "vda"),
}
HEALTHY = sorted(each.stem for each in MACHINES.glob("healthy-*.snapshot"))


def found(name: str) -> list[tuple[str, str]]:
    samples = snapshot_file.read(MACHINES / f"{name}.snapshot").samples
    view = View(Window(samples))
    checked = engine.answer(
        view, engine.test(view, [each for each in hypotheses().values() if each.group == "io"])
    )
    return [(each.id, each.scope.name) for each in checked.findings]


@pytest.mark.parametrize("name", CAUSES)
def test_the_cause_comes_first_with_what_it_strikes(name: str) -> None:
    assert found(name)[0] == CAUSES[name]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_machine_that_is_only_busy_gives_no_finding(name: str) -> None:
    assert found(name) == []


def test_every_machine_is_looked_at() -> None:
    assert sorted((*CAUSES, *HEALTHY)) == sorted(each.stem for each in MACHINES.glob("*.snapshot"))
