"""Devices with what lies below them, and what tasks wait for."""

import pytest

from kernward.collectors.sources.mounts import Mount
from kernward.diagnosis.storage import Storage, Wait, wait_of, waiters
from tests.diagnosis.storage_windows import (
    BALANCE,
    FROZEN,
    FSYNC,
    JOURNAL,
    READ,
    SYNC,
    asleep,
    disk,
    does,
    event,
    mapped,
    storage,
)

BLOCKS = {
    "sda": disk(
        "8:0", partitions=("sda1=8:1", "sda2=8:2"), carries=("dm-0",), address="2:0:0:0", port="ata3"
    ),
    "dm-0": mapped("vg-data", "sda2", carries=("md0",)),
    "md0": disk("9:0", lies_on=("dm-0",)),
    "nvme0n1": disk("259:0", port="nvme0"),
}


def stack() -> Storage:
    devices = {"sda": does("8:0", reads=1), "sda1": does("8:1", reads=1), "dm-0": does("253:0", reads=1)}
    return Storage(
        storage(
            devices,
            blocks=BLOCKS,
            mounted={
                "/boot": Mount(number="8:1", source="/dev/sda1", kind="ext4"),
                "/data": Mount(number="253:0", source="/dev/mapper/vg-data", kind="xfs"),
                "/pool": Mount(number="0:44", source="/dev/md0", kind="btrfs"),
            },
        )
    )


def test_partitions_are_no_devices_of_their_own() -> None:
    assert sorted(stack().disks) == ["dm-0", "sda"]
    assert stack().whole("sda1") == "sda"


def test_without_sysfs_partitions_are_told_by_their_names() -> None:
    found = Storage(storage({"nvme0n1": does(reads=1), "nvme0n1p2": does("259:2", reads=1)}, blocks={}))
    assert list(found.disks) == ["nvme0n1"]
    assert found.whole("vda12") == "vda"
    assert found.whole("dm-1") == "dm-1"


def test_what_lies_below_and_above_goes_through_partitions_and_mappings() -> None:
    assert stack().below("md0") == {"dm-0", "sda"}
    assert stack().above("sda") == {"dm-0", "md0"}
    assert stack().lowest(["md0", "dm-0", "sda"]) == ["sda"]


def test_a_loop_device_lies_on_the_disk_with_its_file() -> None:
    blocks = {**BLOCKS, "loop0": disk("7:0", backing_file="/data/images/db.img")}
    mounted = {
        "/": Mount(number="8:1", source="/dev/sda1", kind="ext4"),
        "/data": Mount(number="253:0", source="/dev/mapper/vg-data", kind="xfs"),
        "/mnt/db": Mount(number="7:0", source="/dev/loop0", kind="ext4"),
    }
    found = Storage(storage({}, blocks=blocks, mounted=mounted))
    assert found.below("loop0") == {"dm-0", "sda"}
    assert "loop0" in found.above("sda")
    assert "/mnt/db" in found.on("dm-0")


def test_devices_that_claim_to_lie_on_each_other_end_the_search() -> None:
    circle = {"dm-0": mapped("a", "dm-1", number="253:0"), "dm-1": mapped("b", "dm-0", number="253:1")}
    assert Storage(storage({}, blocks=circle)).below("dm-0") == {"dm-1"}


@pytest.mark.parametrize(
    ("called", "device"),
    [
        ("sda1", "sda1"),
        ("/dev/sda", "sda"),
        ("8:2", "sda2"),
        ("dm-0-8", "dm-0"),
        ("sda1-8", "sda1"),
        ("mapper/vg-data", "dm-0"),
        ("2:0:0:0", "sda"),
        ("nvme0", "nvme0n1"),
        ("sdz", None),
        ("", None),
        (7, None),
    ],
)
def test_a_device_is_found_by_whatever_a_message_calls_it(called: object, device: str | None) -> None:
    assert stack().named(called) == device


def test_a_port_of_libata_is_its_disk() -> None:
    assert stack().of_event(event("ata-exception", "", port=3, device_number=0)) == "sda"
    assert stack().of_event(event("ata-exception", "", port=9)) is None


def test_a_device_that_is_told_by_its_numbers() -> None:
    assert stack().of_event(event("swap-io-error", "", major=8, minor=2)) == "sda2"


def test_file_systems_on_a_device_are_those_on_what_lies_on_it_too() -> None:
    assert stack().on("sda") == ["/boot", "/data", "/pool"]
    assert stack().on("sda1") == ["/boot"]


@pytest.mark.parametrize(
    ("functions", "wait"),
    [
        (BALANCE, "throttled"),
        (FSYNC, "fsync"),
        (READ, "read"),
        (FROZEN, "frozen"),
        (JOURNAL, "journal"),
        (SYNC, "sync"),
        (("jbd2_log_wait_commit", "ext4_sync_file", "do_fsync"), "fsync"),
        (("percpu_rwsem_wait", "cgroup_attach_lock", "cgroup_procs_write"), "other"),
        (("io_schedule", "f2fs_sync_node_pages", "__arm64_sys_fdatasync"), "fsync"),
        (("futex_wait_queue",), "other"),
        ((), "other"),
        (("balance_dirty_pages.isra.0",), "throttled"),
    ],
)
def test_what_a_task_waits_for_is_told_by_its_stack(functions: tuple[str, ...], wait: Wait) -> None:
    assert wait_of(functions) == wait


def test_waiters_are_told_with_the_part_of_the_samples() -> None:
    (found,) = waiters(storage({}, waits={"7": asleep("postgres", FSYNC, tasks=3)}))
    assert found.scope.name == "postgres[7]"
    assert (found.share, found.tasks, found.part("fsync"), found.part("read")) == (1.0, 3.0, 1.0, 0.0)
