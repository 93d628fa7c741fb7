"""Sources of storage: real trees of several kernels, made ones of kinds of device, and hostile files."""

import os
from pathlib import Path

import pytest

from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sources import (
    block,
    diskstats,
    filesystem,
    filesystem_errors,
    journal,
    md,
    mounts,
    nfs,
    process_io,
    writeback,
)
from kernward.collectors.window import grown
from tests.collectors.made_trees import made, unpacked

TREES = sorted(
    each for each in (Path(__file__).parent / "trees").iterdir() if (each / "proc/diskstats").exists()
)
# Of guests: an ext4, a mapping, a mirror with a failed half, a SCSI disk; one file after the other, and the links.
GUESTS = ("6.1", "6.12")
every_guest = pytest.mark.parametrize("guest", GUESTS)
every_tree = pytest.mark.parametrize("tree", TREES, ids=lambda each: each.name)


def guest_tree(folder: Path, guest: str) -> Root:
    """The tree of a guest."""
    text = (Path(__file__).parent / f"storage-guest-{guest}.txt").read_text()
    files, links = text.split("LINK ", 1)
    for line in links.splitlines():
        if line.startswith("REL "):
            made(folder, {f"{line[4:]}/x": ""})
    return unpacked(folder, files)


@every_guest
def test_the_devices_of_a_guest(tmp_path: Path, guest: str) -> None:
    root = guest_tree(tmp_path, guest)
    found = block.read(root, None)
    assert sorted(found) == ["dm-0", "md0", "sda", "vda", "vdb", "vdc"]
    assert found["dm-0"].mapped_name == "vg-right"
    assert (found["dm-0"].lies_on, found["dm-0"].carries, found["dm-0"].suspended) == (("vdc",), ("md0",), 0)
    assert found["md0"].lies_on == ("dm-0", "vdb")
    assert (found["sda"].model, found["sda"].state, found["sda"].queue_depth) == (
        "scsi_debug",
        "running",
        192,
    )
    assert found["sda"].commands is not None
    assert found["sda"].commands > 0
    assert found["sda"].command_timeouts == 0
    assert (found["vda"].number, found["vda"].statistics, found["vda"].model) == ("254:0", 1, None)
    counted = diskstats.read(root, None)
    assert {name: each.number for name, each in counted.items()} == {
        name: each.number for name, each in found.items()
    }


@every_guest
def test_the_mirror_of_a_guest_has_lost_a_half(tmp_path: Path, guest: str) -> None:
    found = md.read(guest_tree(tmp_path, guest), None)["md0"]
    assert (found.level, found.disks, found.missing, found.faulty) == ("raid1", 2, 1, ("dm-0",))
    assert found.members == ("dm-0=faulty", "vdb=in_sync")


@every_guest
def test_the_file_system_of_a_guest_its_journal_and_its_errors(tmp_path: Path, guest: str) -> None:
    root = guest_tree(tmp_path, guest)
    assert mounts.read(root, None)["/mnt/my disk"].number == "254:0"
    written = journal.read(root, None)["vda"]
    assert (written.commits, written.commits_requested) == (3, 3)
    assert written.commit_s is not None
    assert 0 < written.commit_s < 1
    assert filesystem_errors.read(root, None)["vda"].errors == 0
    assert writeback.read(root).limit_pages is not None


# diskstats


@every_tree
def test_each_line_of_diskstats_is_a_device_in_the_kernels_own_numbers(tree: Path) -> None:
    found = diskstats.read(Root(tree), None)
    for line in (tree / "proc/diskstats").read_text().splitlines():
        words = line.split()
        if not any(int(each) for each in words[3:]):
            assert words[2] not in found
            continue
        record = found[words[2]]
        assert record.number == f"{words[0]}:{words[1]}"
        assert (record.reads, record.read_bytes, record.read_ms) == (
            int(words[3]),
            int(words[5]) * 512,
            int(words[6]),
        )
        assert (record.in_flight, record.busy_ms, record.waited_ms) == tuple(map(int, words[11:14]))
        assert record.flushes == int(words[18])


def test_kernels_before_5_5_count_no_flushes_and_before_4_18_no_discards(tmp_path: Path) -> None:
    root = made(
        tmp_path,
        {
            "/proc/diskstats": (
                "   8       0 sda 10 1 80 20 30 2 240 60 0 70 80\n   8      16 sdb 10 1 80 20 30 2 240 60 1 70 80 4 0 8 9\n"
            )
        },
    )
    found = diskstats.read(root, None)
    assert (found["sda"].writes, found["sda"].discards, found["sda"].flushes) == (30, None, None)
    assert (found["sdb"].discards, found["sdb"].discard_bytes, found["sdb"].flushes) == (4, 4096, None)


def test_lines_that_are_torn_or_no_numbers_are_left_out(tmp_path: Path) -> None:
    root = made(
        tmp_path,
        {
            "/proc/diskstats": "8 0 sda 1 2 3\n8 16 sdb x 1 80 20 30 2 240 60 1 70 80\n\n8 32 sdc 1 0 8 1 0 0 0 0 0 1 1\n"
        },
    )
    assert list(diskstats.read(root, None)) == ["sdc"]


def test_a_file_that_is_no_diskstats_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="none of its lines"):
        diskstats.read(made(tmp_path, {"/proc/diskstats": "hello\n"}), None)


def test_times_wrap_at_32_bits_as_the_kernel_prints_them() -> None:
    bits = diskstats.SOURCE.quantities["read_ms"].bits
    assert grown((1 << 32) - 100, 50, bits) == 150
    assert grown(5000, 50, bits) is None


# block


def scsi(folder: Path) -> Root:
    device = "/sys/block/sda"
    root = made(
        folder,
        {
            f"{device}/size": "1000\n",
            f"{device}/dev": "8:0\n",
            f"{device}/ro": "0\n",
            f"{device}/diskseq": "3\n",
            f"{device}/inflight": "       2        1\n",
            f"{device}/queue/rotational": "1\n",
            f"{device}/queue/scheduler": "none [mq-deadline] kyber\n",
            f"{device}/queue/nr_requests": "64\n",
            f"{device}/queue/io_timeout": "30000\n",
            f"{device}/queue/wbt_lat_usec": "75000\n",
            f"{device}/queue/write_cache": "write back\n",
            f"{device}/device/state": "running\n",
            f"{device}/device/model": "QEMU HARDDISK   \n",
            f"{device}/device/queue_depth": "32\n",
            f"{device}/device/iorequest_cnt": "0x1f\n",
            f"{device}/device/ioerr_cnt": "0xa\n",
            f"{device}/sda1/dev": "8:1\n",
            f"{device}/sda1/holders/dm-0/x": "",
            f"{device}/holders/md0/x": "",
        },
    )
    return root


def test_a_scsi_disk_with_its_queue_partitions_and_what_lies_on_it(tmp_path: Path) -> None:
    found = block.read(scsi(tmp_path), None)["sda"]
    assert found.size_bytes == 512_000
    assert (found.reads_in_flight, found.writes_in_flight) == (2, 1)
    assert (found.scheduler, found.requests_limit, found.queue_depth) == ("mq-deadline", 64, 32)
    assert (found.request_timeout_s, found.throttled_latency_s) == (30.0, 0.075)
    assert (found.model, found.state, found.commands, found.command_errors) == (
        "QEMU HARDDISK",
        "running",
        31,
        10,
    )
    assert found.carries == ("dm-0", "md0")
    assert found.partition_numbers == {"8:1": "sda1"}
    assert found.command_timeouts is None


def test_what_a_device_does_not_have_is_no_gap_of_the_sample(tmp_path: Path) -> None:
    root = scsi(tmp_path)
    block.read(root, None)
    assert root.missing == {}


def test_a_mapped_device_knows_its_table_and_what_it_lies_on(tmp_path: Path) -> None:
    device = "/sys/block/dm-0"
    root = made(
        tmp_path,
        {
            f"{device}/size": "8\n",
            f"{device}/dm/name": "vg-root\n",
            f"{device}/dm/uuid": "LVM-abc\n",
            f"{device}/dm/suspended": "1\n",
            f"{device}/slaves/sda/x": "",
        },
    )
    found = block.read(root, None)["dm-0"]
    assert (found.mapped_name, found.mapped_id, found.suspended, found.lies_on) == (
        "vg-root",
        "LVM-abc",
        1,
        ("sda",),
    )


def test_spare_devices_without_a_size_are_left_out_and_a_disk_without_one_is_not(tmp_path: Path) -> None:
    root = made(tmp_path, {f"/sys/block/{name}/size": "0\n" for name in ("loop0", "nbd3", "sdb")})
    assert list(block.read(root, None)) == ["sdb"]


def test_disks_behind_a_network_say_by_which(tmp_path: Path) -> None:
    root = made(
        tmp_path,
        {
            "/sys/block/nbd0/size": "8\n",
            "/sys/block/nvme0n1/size": "8\n",
            "/sys/block/nvme0n1/device/transport": "tcp\n",
            "/sys/block/nvme1n1/size": "8\n",
            "/sys/block/nvme1n1/device/transport": "pcie\n",
            "/sys/devices/platform/host2/session1/target2:0:0/2:0:0:1/block/sdc/size": "8\n",
        },
    )
    os.symlink("../devices/platform/host2/session1/target2:0:0/2:0:0:1/block/sdc", tmp_path / "sys/block/sdc")
    found = block.read(root, None)
    assert {name: each.transport for name, each in found.items()} == {
        "nbd0": "nbd",
        "nvme0n1": "tcp",
        "nvme1n1": None,
        "sdc": "iscsi",
    }


def test_a_device_that_leads_out_of_the_tree_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "sys/block").mkdir(parents=True)
    os.symlink("/sys/block", tmp_path / "sys/block/sda")
    assert block.read(Root(tmp_path), None) == {}


# mounts and file systems


@every_tree
def test_the_root_file_system_is_found_with_its_device(tree: Path) -> None:
    found = mounts.read(Root(tree), None)
    assert found["/"].kind in ("ext4", "rootfs", "tmpfs", "squashfs", "overlay")
    assert not {"proc", "sysfs", "cgroup2"} & {each.kind for each in found.values()}


def mountinfo(folder: Path, *lines: str) -> Root:
    return made(folder, {"/proc/self/mountinfo": "".join(each + "\n" for each in lines)})


def test_a_mount_point_with_blanks_is_read_as_it_is(tmp_path: Path) -> None:
    root = mountinfo(
        tmp_path, "30 1 8:1 / /mnt/my\\040disk\\134x rw shared:3 - ext4 /dev/sda1 rw,errors=remount-ro"
    )
    found = mounts.read(root, None)
    assert list(found) == ["/mnt/my disk\\x"]
    assert found["/mnt/my disk\\x"].filesystem_options == "rw,errors=remount-ro"


def test_the_same_part_of_a_device_mounted_again_says_nothing_new(tmp_path: Path) -> None:
    root = mountinfo(
        tmp_path,
        "30 1 8:1 / /data rw - ext4 /dev/sda1 rw",
        "31 1 8:1 / /again rw - ext4 /dev/sda1 rw",
        "32 1 8:1 /sub /part ro - ext4 /dev/sda1 rw",
    )
    found = mounts.read(root, None)
    assert list(found) == ["/data", "/part"]
    assert (found["/part"].read_only, found["/part"].filesystem_read_only) == (1, 0)


def test_what_is_mounted_over_another_hides_it(tmp_path: Path) -> None:
    root = mountinfo(
        tmp_path, "30 1 8:1 / /mnt rw - ext4 /dev/sda1 rw", "31 30 8:2 / /mnt rw - xfs /dev/sda2 rw"
    )
    assert mounts.read(root, None)["/mnt"].kind == "xfs"


def test_ext4_says_in_its_options_that_it_has_stopped(tmp_path: Path) -> None:
    root = mountinfo(tmp_path, "30 1 8:1 / /mnt rw - ext4 /dev/sda1 rw,abort")
    found = mounts.read(root, None)["/mnt"]
    assert (found.shut_down, found.filesystem_read_only) == (1, 0)


def test_torn_lines_of_mountinfo_are_left_out(tmp_path: Path) -> None:
    assert mounts.read(mountinfo(tmp_path, "30 1 8:1 / /mnt rw - ext4", "30 1", ""), None) == {}


def test_without_its_own_mounts_a_tree_has_those_of_the_first_process(tmp_path: Path) -> None:
    root = made(tmp_path, {"/proc/1/mountinfo": "30 1 8:1 / / rw - ext4 /dev/sda1 rw\n"})
    assert list(mounts.read(root, None)) == ["/"]


def test_a_copied_tree_cannot_be_asked_how_full_it_is(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="only the running machine"):
        filesystem.read(mountinfo(tmp_path, "30 1 8:1 / / rw - ext4 /dev/sda1 rw"), None)


def test_how_full_this_machine_is_agrees_with_statvfs() -> None:
    for point, found in filesystem.read(Root(), None).items():
        of = os.statvfs(point)
        assert found.size_bytes == of.f_blocks * of.f_frsize
        assert found.inodes == (of.f_files or None)


def test_a_server_is_never_asked_how_full_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "30 1 0:50 / /srv rw - nfs4 server:/export rw\n31 1 0:51 / /home/a/x rw - fuse.sshfs other: rw\n"
        "32 1 8:1 / /data rw - ext4 /dev/sda1 rw\n"
    )
    monkeypatch.setattr(Root, "read", lambda self, path: text.encode())
    asked: list[str] = []

    def statvfs(self: Root, path: str) -> os.statvfs_result:
        asked.append(path)
        return os.statvfs("/")

    monkeypatch.setattr(Root, "statvfs", statvfs)
    assert list(filesystem.read(Root(), None)) == asked == ["/data"]


def test_of_thousands_of_file_systems_in_memory_the_nearest_to_the_root_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [f"9 1 0:{number} / /var/pods/{number}/x rw - tmpfs tmpfs rw" for number in range(3000)]
    lines.append("9 1 0:9000 / /run rw - tmpfs tmpfs rw")
    monkeypatch.setattr(Root, "read", lambda self, path: "\n".join(lines).encode())
    monkeypatch.setattr(Root, "statvfs", lambda self, path: os.statvfs("/"))
    found = filesystem.read(Root(), None)
    assert "/run" in found
    assert len(found) < 100


def test_used_as_df_counts_leaves_out_what_is_kept_for_root() -> None:
    found = filesystem.Filesystem(size_bytes=1000, free_bytes=50, available_bytes=0)
    assert found.used_share == 1.0


# what file systems say of themselves


def test_errors_that_ext4_has_counted(tmp_path: Path) -> None:
    folder = "/sys/fs/ext4/dm-0"
    root = made(
        tmp_path,
        {
            f"{folder}/errors_count": "3\n",
            f"{folder}/warning_count": "1\n",
            f"{folder}/last_error_time": "1700000000\n",
            f"{folder}/last_error_func": "ext4_lookup\n",
            f"{folder}/last_error_ino": "12\n",
            f"{folder}/last_error_block": "0\n",
            "/sys/fs/ext4/features/lazy_itable_init": "supported\n",
        },
    )
    found = filesystem_errors.read(root, None)
    assert list(found) == ["dm-0"]
    assert found["dm-0"].errors == 3
    assert (found["dm-0"].last_error_function, found["dm-0"].last_error_inode) == ("ext4_lookup", 12)
    assert found["dm-0"].last_error_block is None


def test_errors_that_btrfs_has_counted_of_its_device(tmp_path: Path) -> None:
    folder = "/sys/fs/btrfs/1234-5678"
    root = made(
        tmp_path,
        {
            f"{folder}/devices/sdb/size": "1\n",
            f"{folder}/devinfo/1/error_stats": (
                "write_errs 1\nread_errs 2\nflush_errs 0\ncorruption_errs 4\ngeneration_errs 0\n"
            ),
        },
    )
    found = filesystem_errors.read(root, None)["sdb"]
    assert (found.kind, found.errors, found.corruption_errors) == ("btrfs", 7, 4)


JOURNAL = """2 transactions (1 requested), each up to 1024 blocks
average: 
  3ms waiting for transaction
  4ms request delay
  5028ms running transaction
  5ms transaction was being locked
  6ms flushing data (in ordered mode)
  20ms logging transaction
  11541us average transaction commit time
  7 handles per transaction
  4 blocks per transaction
  5 logged blocks per transaction
"""


def test_a_journal_with_its_times_in_seconds(tmp_path: Path) -> None:
    found = journal.read(made(tmp_path, {"/proc/fs/jbd2/dm-0-8/info": JOURNAL}), None)["dm-0"]
    assert (found.commits, found.commits_requested) == (2, 1)
    assert (found.waited_s, found.running_s, found.logging_s) == pytest.approx((0.003, 5.028, 0.02))
    assert found.commit_s == pytest.approx(0.011541)
    assert (found.handles, found.blocks) == (7, 4)


def test_a_journal_of_something_else_is_left_out(tmp_path: Path) -> None:
    assert journal.read(made(tmp_path, {"/proc/fs/jbd2/sda-8/info": "nothing yet\n"}), None) == {}


def test_an_array_names_the_members_that_failed(tmp_path: Path) -> None:
    folder = "/sys/block/md0/md"
    root = made(
        tmp_path,
        {
            f"{folder}/level": "raid1\n",
            f"{folder}/array_state": "clean\n",
            f"{folder}/raid_disks": "2\n",
            f"{folder}/degraded": "1\n",
            f"{folder}/sync_action": "idle\n",
            f"{folder}/dev-vda/state": "in_sync\n",
            f"{folder}/dev-vda/errors": "0\n",
            f"{folder}/dev-dm-0/state": "faulty,write_error\n",
            f"{folder}/dev-dm-0/errors": "20\n",
        },
    )
    found = md.read(root, None)["md0"]
    assert (found.level, found.disks, found.missing, found.faulty) == ("raid1", 2, 1, ("dm-0",))
    assert found.corrected_errors == 20


def test_an_array_that_was_never_assembled_is_none(tmp_path: Path) -> None:
    assert md.read(made(tmp_path, {"/sys/block/md127/md/array_state": "clear\n"}), None) == {}


# writeback and processes


@every_tree
def test_dirty_pages_and_the_settings_behind_their_limits(tree: Path) -> None:
    found = writeback.read(Root(tree))
    assert found.background_limit_pages is not None
    assert found.limit_pages is not None
    assert found.background_limit_pages < found.limit_pages
    assert found.expire_s == 30.0
    assert found.interval_s == 5.0


def test_a_vmstat_that_counts_no_dirty_pages_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="counts no dirty pages"):
        writeback.read(made(tmp_path, {"/proc/vmstat": "nr_free_pages 7\nnr_dirty many\n"}))


IO = """rchar: 100
wchar: 200
syscr: 3
syscw: 4
read_bytes: 4096
write_bytes: 8192
cancelled_write_bytes: 512
"""


def test_what_the_asked_processes_read_and_wrote(tmp_path: Path) -> None:
    root = made(tmp_path, {"/proc/7/io": IO, "/proc/8/io": IO})
    found = process_io.read(root, ["7", "9", "../8"])
    assert list(found) == ["7"]
    assert (found["7"].read_bytes, found["7"].write_bytes, found["7"].characters_written_bytes) == (
        4096,
        8192,
        200,
    )


def test_a_torn_file_of_a_process_gives_what_it_has(tmp_path: Path) -> None:
    found = process_io.read(made(tmp_path, {"/proc/7/io": "rchar: 100\nwchar: 2x\nsys"}), None)
    assert found["7"].characters_read_bytes == 100
    assert found["7"].characters_written_bytes is None


MOUNTSTATS = """device rootfs mounted on / with fstype rootfs
device server:/export mounted on /srv\\040data with fstype nfs4 statvers=1.1
\topts:\trw,vers=4.2,hard,proto=tcp
\tage:\t77
\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)
\txprt:\ttcp 900 0 1 0 0 50 48 0 60 0 2 10 12
\tper-op statistics
\t        NULL: 1 1 0 44 24 0 5 5 0
\t        READ: 40 44 2 8000 90000 100 2000 2200 0
\t       WRITE: 5 5 0 8000 900 10 20 30 0
device tmpfs mounted on /tmp with fstype tmpfs
"""


def test_all_requests_to_a_server_are_added_up(tmp_path: Path) -> None:
    found = nfs.read(made(tmp_path, {"/proc/self/mountstats": MOUNTSTATS}), None)
    assert list(found) == ["/srv data"]
    record = found["/srv data"]
    assert record.server == "server:/export"
    assert (record.requests, record.transmissions, record.timeouts) == (46, 50, 2)
    assert (record.queued_ms, record.answered_ms, record.total_ms) == (110, 2025, 2235)
    assert (record.sent, record.received) == (50, 48)
