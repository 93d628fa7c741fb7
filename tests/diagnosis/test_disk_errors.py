"""Errors of devices: which device is to blame, and whether it has failed, fails, or cannot read a sector."""

from typing import Any

import pytest

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import block, kernel_events
from kernward.collectors.sources.md import Md
from kernward.collectors.sources.mounts import Mount
from kernward.diagnosis.hypotheses import (
    device_data_changed,
    device_failed,
    device_failing,
    device_medium_error,
    device_slow,
    filesystem_corrupted,
)
from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Refuted, Unknown
from kernward.diagnosis.view import View
from tests.diagnosis.storage_windows import disk, does, event, mapped, storage
from tests.diagnosis.windows import confirmed, verdict, verdicts

BLOCKS = {
    "vda": disk(carries=("dm-0",)),
    "sda": disk("8:0", port="ata3", address="2:0:0:0", partitions=("sda1=8:1",)),
    "dm-0": mapped("orders", "vda"),
    "nvme0n1": disk("259:0", port="nvme0"),
}
MOUNTED = {"/mnt/orders": Mount(number="253:0", source="/dev/dm-0", kind="ext4")}
ALL = (
    device_failed.HYPOTHESIS,
    device_failing.HYPOTHESIS,
    device_medium_error.HYPOTHESIS,
    device_data_changed.HYPOTHESIS,
    device_slow.HYPOTHESIS,
    filesystem_corrupted.HYPOTHESIS,
)


def seen(*events: LogEvent, **more: Any) -> View:
    return storage({}, blocks=BLOCKS, mounted=MOUNTED, events=events, samples=2, **more)


def only(view: View) -> tuple[Hypothesis, Confirmed]:
    """The one hypothesis about errors that is confirmed, of one device."""
    found = [
        (each, verdict_)
        for each in ALL
        for verdict_ in verdicts(each, view)
        if isinstance(verdict_, Confirmed)
    ]
    (one,) = found
    return one


BUFFER = event(
    "buffer-io-error",
    "Buffer I/O error on dev dm-0, logical block 0, async page read",
    device="dm-0",
    block=0,
)
SECTOR = event(
    "block-io-error", "I/O error, dev sda, sector 12344 op 0x0:(READ)", error="I/O", device="sda", sector=12344,
    operation="READ",
)  # fmt: skip


def test_a_mapping_whose_requests_fail_now_and_then_is_failing() -> None:
    hypothesis, found = only(seen(BUFFER))
    assert (hypothesis.id, found.scope.name) == ("device-failing", "dm-0")
    assert "it is the mapping that fails them" in found.mechanism


def test_errors_go_up_and_the_lowest_device_is_to_blame() -> None:
    below = event("block-io-error", "I/O error, dev vda, sector 9 op 0x1:(WRITE)", error="I/O", device="vda", sector=9, operation="WRITE")  # fmt: skip
    hypothesis, found = only(seen(below, BUFFER))
    assert (hypothesis.id, found.scope.name) == ("device-failing", "vda")


def test_a_journal_that_aborts_for_failed_writes_gives_the_device_up() -> None:
    view = seen(
        BUFFER,
        event("jbd2-abort", "Aborting journal on device dm-0-8.", device="dm-0-8"),
        event("ext4-error", "EXT4-fs error (device dm-0): ext4_journal_check_start: Detected aborted journal",
              device="dm-0", message="Detected aborted journal"),
        event("ext4-remount-read-only", "EXT4-fs (dm-0): Remounting filesystem read-only", device="dm-0"),
    )  # fmt: skip
    hypothesis, found = only(view)
    assert (hypothesis.id, found.scope.name) == ("device-failed", "dm-0")
    assert [each.name for each in found.victims] == ["/mnt/orders"]
    assert "filesystem-read-only" in hypothesis.explains


def test_a_member_that_an_array_does_without_has_failed() -> None:
    arrays = {"md0": Md(level="raid1", state="clean", disks=2, missing=1, faulty=("dm-0",))}
    hypothesis, found = only(seen(arrays=arrays))
    assert (hypothesis.id, found.scope.name) == ("device-failed", "dm-0")
    hypothesis, found = only(
        seen(event("md-disk-failure", "md/raid1:md0: Disk failure on dm-0", device="dm-0", array="md0"))
    )
    assert (hypothesis.id, found.scope.name) == ("device-failed", "dm-0")


def test_a_disk_that_was_pulled_from_under_a_file_system_has_failed() -> None:
    mounted = {"/backup": Mount(number="8:33", source="/dev/sdc1", kind="ext4")}
    found = confirmed(device_failed.HYPOTHESIS, storage({}, blocks=BLOCKS, mounted=mounted, samples=1))
    assert (found.scope.kind, found.scope.name) == ("device", "sdc1")
    assert "no such device any more" in found.mechanism


def test_file_systems_without_a_device_of_their_own_miss_none() -> None:
    mounted = {
        "/tmp": Mount(number="0:33", source="tmpfs", kind="tmpfs"),
        "/pool": Mount(number="0:40", source="/dev/sdz", kind="btrfs"),
        "/": Mount(number="8:1", source="/dev/sda1", kind="ext4"),
    }
    assert isinstance(verdict(device_failed.HYPOTHESIS, storage({}, blocks=BLOCKS, mounted=mounted)), Refuted)


def test_a_disk_that_its_driver_has_set_offline_has_failed_without_any_log() -> None:
    view = storage({}, blocks={"sdb": disk("8:16", state="offline")}, without=[kernel_events.SOURCE])
    assert confirmed(device_failed.HYPOTHESIS, view).scope.name == "sdb"


@pytest.mark.parametrize(
    "event_",
    [
        event("block-io-error", "critical medium error, dev sda, sector 4660", error="critical medium", device="sda", sector=4660, operation="READ"),
        event("scsi-sense-error", "[sda] Medium Error", device="sda", sense_key="Medium Error"),
        event("ata-exception", "ata3.00: exception", port=3, error="UNC", reason="media error"),
    ],
    ids=["block", "scsi", "ata"],
)  # fmt: skip
def test_the_devices_own_verdict_of_an_unreadable_sector(event_: LogEvent) -> None:
    hypothesis, found = only(seen(event_))
    assert (hypothesis.id, found.scope.name) == ("device-medium-error", "sda")


def test_nvme_says_it_by_the_type_of_its_status() -> None:
    bad = event(
        "nvme-command-error",
        "nvme0n1: Read(0x2) @ LBA 12345",
        device="nvme0n1",
        status_type=2,
        status_code=0x81,
    )
    assert only(seen(bad))[0].id == "device-medium-error"


def test_reads_that_fail_in_one_spot_of_a_disk_are_an_unreadable_sector() -> None:
    near = event(
        "block-io-error",
        "I/O error, dev sda, sector 12352",
        error="I/O",
        device="sda",
        sector=12352,
        operation="READ",
    )
    hypothesis, found = only(
        seen(event("ata-exception", "ata3.00: exception", port=3, reason="device error"), SECTOR, near)
    )
    assert (hypothesis.id, found.scope.name) == ("device-medium-error", "sda")
    assert "sectors 12344 to 12352" in found.mechanism


def test_errors_all_over_a_disk_are_not_its_medium() -> None:
    far = event(
        "block-io-error",
        "I/O error, dev sda, sector 9000000",
        error="I/O",
        device="sda",
        sector=9000000,
        operation="READ",
    )
    assert only(seen(SECTOR, far))[0].id == "device-failing"


def test_writes_that_fail_are_not_its_medium() -> None:
    write = event(
        "block-io-error",
        "I/O error, dev sda, sector 12344",
        error="I/O",
        device="sda",
        sector=12344,
        operation="WRITE",
    )
    assert only(seen(write))[0].id == "device-failing"


def test_requests_that_fail_after_they_timed_out_make_the_device_slow() -> None:
    late = event("nvme-timeout", "nvme nvme0: I/O tag 1 timeout", device="nvme0")
    failed = event(
        "block-io-error",
        "I/O error, dev nvme0n1, sector 8",
        error="I/O",
        device="nvme0n1",
        sector=8,
        operation="READ",
    )
    hypothesis, found = only(seen(late, failed))
    assert (hypothesis.id, found.scope.name) == ("device-slow", "nvme0n1")


def test_what_xfs_read_and_cannot_use_is_no_failed_request() -> None:
    view = seen(
        event("xfs-metadata-corruption", "XFS (vda): Metadata CRC error detected", device="vda"),
        event("xfs-io-error", "XFS (vda): metadata I/O error at daddr 0x8 len 8 error 74", device="vda", error=74),
        event("xfs-shutdown", "XFS (vda): Metadata I/O Error (0x4) detected at xfs_fs_goingdown", device="vda",
              reason="User initiated shutdown"),
    )  # fmt: skip
    hypothesis, found = only(view)
    assert (hypothesis.id, found.scope.name) == ("filesystem-corrupted", "vda")


def test_xfs_that_stops_for_a_failed_write_of_its_log_gives_the_device_up() -> None:
    view = seen(
        event(
            "xfs-io-error", "XFS (vda): metadata I/O error at daddr 0x8 len 8 error 5", device="vda", error=5
        ),
        event(
            "xfs-shutdown", "XFS (vda): Log I/O Error (0x2) detected", device="vda", reason="Log I/O error"
        ),
    )
    hypothesis, found = only(view)
    assert (hypothesis.id, found.scope.name) == ("device-failed", "vda")


def test_a_drive_without_a_medium_is_no_failing_disk() -> None:
    empty = event(
        "block-io-error",
        "I/O error, dev sr0, sector 0",
        error="I/O",
        device="sr0",
        sector=0,
        operation="READ",
    )
    view = storage({}, blocks={"sr0": disk("11:0")}, events=[empty])
    assert isinstance(verdict(device_failing.HYPOTHESIS, view), Refuted)


def test_errors_of_an_hour_ago_are_not_of_now() -> None:
    old = event(
        "block-io-error",
        "I/O error, dev sda, sector 1",
        age_s=4000.0,
        error="I/O",
        device="sda",
        sector=1,
        operation="READ",
    )
    for each in ALL[:3]:
        assert isinstance(verdict(each, seen(old)), Refuted), each.id


def test_without_the_log_nothing_is_known_of_errors() -> None:
    view = storage({}, without=[kernel_events.SOURCE, block.SOURCE])
    for each in ALL[:4]:
        assert isinstance(verdict(each, view), Unknown), each.id


def test_a_message_that_names_no_device_of_this_machine_accuses_none() -> None:
    stranger = event(
        "block-io-error",
        "I/O error, dev sdx, sector 1",
        error="I/O",
        device="sdx",
        sector=1,
        operation="READ",
    )
    assert isinstance(verdict(device_failing.HYPOTHESIS, seen(stranger)), Refuted)


def test_a_verified_device_is_named_by_the_mapping_and_not_by_the_disk_with_the_data() -> None:
    changed = event(
        "dm-verity-corruption",
        "device-mapper: verity: 254:0: data block 77 is corrupted",
        device="254:0",
        block=77,
    )
    failed = event(
        "buffer-io-error", "Buffer I/O error on dev dm-0, logical block 77", device="dm-0", block=77
    )
    found = confirmed(device_data_changed.HYPOTHESIS, seen(changed, failed))
    assert found.scope.name == "dm-0"
    assert "block 77" in found.mechanism
    assert "device-failing" in device_data_changed.HYPOTHESIS.explains


def test_a_busy_healthy_disk_has_no_errors() -> None:
    view = storage({"sda": does("8:0", reads=500, read_s=0.01, busy=1.0)}, blocks=BLOCKS)
    for each in ALL:
        assert isinstance(verdict(each, view), Refuted), each.id


def test_without_sys_a_port_and_its_disk_are_not_told_as_two() -> None:
    port = event(
        "ata-exception", "ata3.00: exception Emask 0x0\nata3.00: error: { UNC }", port=3, error="UNC"
    )
    sector = event(
        "block-io-error",
        "critical medium error, dev sda, sector 9",
        error="critical medium",
        device="sda",
        sector=9,
    )
    view = storage({"sda": does("8:0", reads=1)}, blocks={}, events=[port, sector], samples=2)
    assert confirmed(device_medium_error.HYPOTHESIS, view).scope.name == "sda"


def test_a_report_of_several_lines_is_told_in_one() -> None:
    port = event(
        "ata-exception", "ata3.00: exception Emask 0x0\nata3.00: error: { UNC }", port=3, error="UNC"
    )
    found = confirmed(device_medium_error.HYPOTHESIS, seen(port))
    assert "\n" not in found.mechanism
    assert not any("\n" in each.says for each in found.evidence)
