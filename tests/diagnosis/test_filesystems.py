"""File systems that are full, out of inodes, read-only, corrupted; and those that only look like it."""

import pytest

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import filesystem, kernel_events, mounts
from kernward.collectors.sources.filesystem import Filesystem
from kernward.collectors.sources.filesystem_errors import FilesystemErrors
from kernward.collectors.sources.mounts import Mount
from kernward.diagnosis.hypotheses import (
    filesystem_corrupted,
    filesystem_full,
    filesystem_inodes_exhausted,
    filesystem_read_only,
)
from kernward.diagnosis.hypothesis import Refuted, Unknown
from tests.diagnosis.storage_windows import disk, event, mapped, storage
from tests.diagnosis.windows import START, confirmed, verdict

FULL = filesystem_full.HYPOTHESIS
INODES = filesystem_inodes_exhausted.HYPOTHESIS
READ_ONLY = filesystem_read_only.HYPOTHESIS
CORRUPTED = filesystem_corrupted.HYPOTHESIS
MB = 1 << 20
BLOCKS = {"vda": disk(), "dm-0": mapped("vg-var", "vda")}
ON_VDA = {
    "/mnt/spool": Mount(number="254:0", source="/dev/vda", kind="ext4", read_only=0, filesystem_read_only=0)
}


def blocks_left(left_mb: float, size_mb: float = 100, kept_mb: float = 0, **more: int) -> Filesystem:
    return Filesystem(
        number="254:0",
        size_bytes=round(size_mb * MB),
        free_bytes=round((left_mb + kept_mb) * MB),
        available_bytes=round(left_mb * MB),
        **{"inodes": 6400, "inodes_free": 6000, **more},
    )


def test_a_file_system_without_a_free_block_is_named_by_its_device() -> None:
    view = storage({}, blocks=BLOCKS, mounted=ON_VDA, full={"/mnt/spool": blocks_left(0, kept_mb=5)})
    found = confirmed(FULL, view)
    assert (found.scope.kind, found.scope.name) == ("device", "vda")
    assert found.victims[0].name == "/mnt/spool"
    assert (found.impact, found.confidence) == (1.0, 0.95)
    assert any("kept for root" in each.says for each in found.evidence)


def test_one_sample_is_enough_to_see_that_it_is_full() -> None:
    view = storage({}, blocks=BLOCKS, mounted=ON_VDA, full={"/mnt/spool": blocks_left(0)}, samples=1)
    assert confirmed(FULL, view).scope.name == "vda"


def test_a_small_one_with_little_left_is_nearly_full_and_that_is_less_sure() -> None:
    found = confirmed(
        FULL, storage({}, blocks=BLOCKS, mounted=ON_VDA, full={"/mnt/spool": blocks_left(6, 30)})
    )
    assert found.confidence < 0.8
    assert found.impact < 0.5


@pytest.mark.parametrize(
    "healthy",
    [blocks_left(30_000, 100_000), blocks_left(40, 364), blocks_left(60, 100)],
    ids=["a third of 100 GB", "40 MB of 364", "most of 100 MB"],
)
def test_room_enough_is_no_finding(healthy: Filesystem) -> None:
    found = verdict(FULL, storage({}, blocks=BLOCKS, mounted=ON_VDA, full={"/mnt/spool": healthy}))
    assert isinstance(found, Refuted)
    assert "/mnt/spool" in found.reason


def test_one_that_cannot_be_written_is_full_by_design() -> None:
    mounted = {"/mnt/spool": Mount(number="254:0", source="/dev/vda", kind="ext4", read_only=1)}
    assert isinstance(
        verdict(FULL, storage({}, mounted=mounted, full={"/mnt/spool": blocks_left(0)})), Refuted
    )


def test_what_boots_the_machine_may_be_nearly_full() -> None:
    mounted = {"/boot/efi": Mount(number="254:0", source="/dev/vda", kind="vfat", read_only=0)}
    assert isinstance(
        verdict(FULL, storage({}, mounted=mounted, full={"/boot/efi": blocks_left(6, 30)})), Refuted
    )


def test_a_tmpfs_has_no_device_and_is_named_by_its_mount_point() -> None:
    mounted = {"/run": Mount(number="0:25", source="tmpfs", kind="tmpfs", read_only=0)}
    view = storage({}, mounted=mounted, full={"/run": blocks_left(0)})
    assert (confirmed(FULL, view).scope.kind, confirmed(FULL, view).scope.name) == ("filesystem", "/run")


def test_a_copied_tree_cannot_tell_how_full_it_is() -> None:
    for each in (FULL, INODES):
        assert isinstance(verdict(each, storage({}, without=[filesystem.SOURCE])), Unknown)


def test_a_thin_pool_that_is_full_while_the_file_system_shows_room() -> None:
    text = "device-mapper: thin: 253:0: switching pool to out-of-data-space (queue IO) mode"
    events = [event("dm-thin-out-of-space", text, device="253:0", mode="out-of-data-space")]
    roomy = {"/mnt/spool": blocks_left(30_000, 100_000)}
    view = storage({}, blocks=BLOCKS, mounted=ON_VDA, full=roomy, events=events)
    assert confirmed(FULL, view).scope.name == "dm-0"
    assert (
        confirmed(FULL, storage({}, blocks=BLOCKS, events=events, without=[filesystem.SOURCE])).impact == 1.0
    )


def test_no_inode_left_with_free_blocks() -> None:
    full = {"/mnt/spool": blocks_left(60, inodes=4096, inodes_free=0)}
    view = storage({}, blocks=BLOCKS, mounted=ON_VDA, full=full)
    assert confirmed(INODES, view).scope.name == "vda"
    assert isinstance(verdict(FULL, view), Refuted)


def test_few_inodes_of_a_small_file_system() -> None:
    few = {"/mnt/spool": blocks_left(60, inodes=4096, inodes_free=400)}
    assert confirmed(INODES, storage({}, blocks=BLOCKS, mounted=ON_VDA, full=few)).confidence < 0.9
    many = {"/mnt/spool": blocks_left(60, inodes=4_000_000, inodes_free=400_000)}
    assert isinstance(verdict(INODES, storage({}, blocks=BLOCKS, mounted=ON_VDA, full=many)), Refuted)


def test_a_file_system_without_a_limit_on_inodes_never_runs_out() -> None:
    none = {"/mnt/spool": Filesystem(number="254:0", size_bytes=MB, free_bytes=0, available_bytes=0)}
    assert isinstance(verdict(INODES, storage({}, mounted=ON_VDA, full=none)), Refuted)


def test_one_that_is_full_has_no_inode_either_and_is_full() -> None:
    full = {"/mnt/spool": blocks_left(0, inodes=4096, inodes_free=0)}
    view = storage({}, blocks=BLOCKS, mounted=ON_VDA, full=full)
    assert isinstance(verdict(INODES, view), Refuted)
    assert confirmed(FULL, view).scope.name == "vda"


# read-only


def ext4(**more: int) -> dict[str, Mount]:
    return {
        "/data": Mount(
            number="254:0", source="/dev/vda", kind="ext4", filesystem_options="rw,errors=remount-ro", **more
        )
    }


REMOUNTED = event(
    "ext4-remount-read-only", "EXT4-fs (vda): Remounting filesystem read-only", age_s=7200.0, device="vda"
)
ORDERED = event(
    "ext4-error", "EXT4-fs error (device vda): __ext4_remount:6548: Abort forced by user", device="vda",
    message="Abort forced by user",
)  # fmt: skip


def test_a_file_system_that_stopped_hours_ago_is_still_stopped() -> None:
    view = storage(
        {}, blocks=BLOCKS, mounted=ext4(filesystem_read_only=1), events=[ORDERED, REMOUNTED], samples=1
    )
    found = confirmed(READ_ONLY, view)
    assert (found.scope.kind, found.scope.name) == ("device", "vda")
    assert found.victims[0].name == "/data"
    assert isinstance(verdict(CORRUPTED, view), Refuted)


def test_kernels_that_show_rw_with_abort_are_believed() -> None:
    view = storage({}, blocks=BLOCKS, mounted=ext4(shut_down=1, filesystem_read_only=0))
    assert confirmed(READ_ONLY, view).scope.name == "vda"


def test_kernels_that_show_rw_as_if_nothing_had_happened_are_believed_by_their_log() -> None:
    just_now = event("ext4-remount-read-only", "EXT4-fs (vda): Remounting filesystem read-only", device="vda")
    view = storage({}, blocks=BLOCKS, mounted=ext4(filesystem_read_only=0, shut_down=0), events=[just_now])
    assert confirmed(READ_ONLY, view).scope.name == "vda"


def test_one_that_was_mended_and_mounted_again_is_well() -> None:
    view = storage({}, blocks=BLOCKS, mounted=ext4(filesystem_read_only=0, shut_down=0), events=[REMOUNTED])
    assert isinstance(verdict(READ_ONLY, view), Refuted)


def test_one_that_was_mounted_read_only_is_well() -> None:
    view = storage({}, blocks=BLOCKS, mounted=ext4(filesystem_read_only=1, read_only=1))
    assert isinstance(verdict(READ_ONLY, view), Refuted)


def test_xfs_says_only_in_the_log_that_it_was_shut_down() -> None:
    mounted = {
        "/arc": Mount(number="254:0", source="/dev/vda", kind="xfs", filesystem_read_only=0, shut_down=0)
    }
    down = event(
        "xfs-shutdown",
        "XFS (vda): Log I/O error detected. Shutting down filesystem",
        age_s=50.0,
        device="vda",
    )
    again = event("xfs-recovery", "XFS (vda): Starting recovery", age_s=20.0, device="vda")
    assert (
        confirmed(READ_ONLY, storage({}, blocks=BLOCKS, mounted=mounted, events=[down])).scope.name == "vda"
    )
    assert isinstance(
        verdict(READ_ONLY, storage({}, blocks=BLOCKS, mounted=mounted, events=[down, again])), Refuted
    )


def test_without_mounts_and_log_nothing_is_known() -> None:
    assert isinstance(verdict(READ_ONLY, storage({}, without=[mounts.SOURCE, kernel_events.SOURCE])), Unknown)


# corrupted


def bad_inode(device: str = "vda", age_s: float = 40.0) -> LogEvent:
    text = f"EXT4-fs error (device {device}): __ext4_iget:5021: inode #14: comm cat: bad extra_isize 9999"
    return event("ext4-error", text, age_s=age_s, device=device, message="bad extra_isize 9999")


def test_damage_that_ext4_found_on_a_device_without_errors() -> None:
    found = confirmed(CORRUPTED, storage({}, blocks=BLOCKS, mounted=ON_VDA, events=[bad_inode()]))
    assert (found.scope.kind, found.scope.name) == ("device", "vda")
    assert "bad extra_isize" in found.mechanism
    assert found.confidence > 0.9


def test_damage_that_failed_requests_left_behind_is_the_devices_fault() -> None:
    failed = event("buffer-io-error", "Buffer I/O error on dev vda, logical block 7", device="vda", block=7)
    view = storage({}, blocks=BLOCKS, events=[failed, bad_inode()])
    assert isinstance(verdict(CORRUPTED, view), Refuted)


def test_xfs_that_stops_for_what_it_read_is_corrupted() -> None:
    found = event(
        "xfs-metadata-corruption",
        "XFS (vda): Metadata corruption detected at xfs_allocbt_read_verify",
        device="vda",
    )
    order = event(
        "xfs-shutdown",
        "XFS (vda): User initiated shutdown received.",
        device="vda",
        reason="User initiated shutdown",
    )
    assert confirmed(CORRUPTED, storage({}, blocks=BLOCKS, events=[found, order])).scope.name == "vda"
    assert isinstance(verdict(CORRUPTED, storage({}, blocks=BLOCKS, events=[order])), Refuted)


def test_what_ext4_has_counted_today_outlives_the_log() -> None:
    today = round(START.timestamp()) - 3600
    counted = {
        "vda": FilesystemErrors(
            kind="ext4", errors=3, last_error_at_unix_s=today, last_error_function="ext4_lookup"
        )
    }
    found = confirmed(CORRUPTED, storage({}, blocks=BLOCKS, errors=counted))
    assert found.confidence < 0.8
    old = {"vda": FilesystemErrors(kind="ext4", errors=3, last_error_at_unix_s=today - 900_000)}
    assert isinstance(verdict(CORRUPTED, storage({}, blocks=BLOCKS, errors=old)), Refuted)
