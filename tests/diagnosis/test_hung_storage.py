"""Devices and servers that do not answer at all, and file systems that nobody may write to."""

from kernward.collectors.sources import diskstats, task_waits
from kernward.collectors.sources.mounts import Mount
from kernward.diagnosis.hypotheses import device_hung, filesystem_frozen, remote_storage_hung
from kernward.diagnosis.hypothesis import Open, Refuted, Unknown
from tests.diagnosis.storage_windows import FROZEN, FSYNC, READ, asleep, disk, does, event, mapped, storage
from tests.diagnosis.windows import confirmed, verdict

HUNG, REMOTE, CLOSED = device_hung.HYPOTHESIS, remote_storage_hung.HYPOTHESIS, filesystem_frozen.HYPOTHESIS
SILENT = does(in_flight=2)
WRITER = {"31": asleep("tape-writer", FSYNC)}
RPC = ("rpc_wait_bit_killable", "__rpc_execute", "nfs4_call_sync", "nfs_getattr", "vfs_statx")


def test_a_disk_that_ends_no_request_is_hung() -> None:
    found = confirmed(HUNG, storage({"vda": SILENT}, waits=WRITER))
    assert (found.scope.kind, found.scope.name) == ("device", "vda")
    assert found.victims[0].name == "tape-writer[31]"


def test_a_disk_that_ends_one_request_in_seconds_is_not_hung() -> None:
    slow = does(reads=0.3, read_s=3.0, busy=1.0, in_flight=1)
    assert isinstance(verdict(HUNG, storage({"vda": slow}, waits=WRITER)), Refuted)


def test_requests_that_nobody_waits_for_are_no_finding() -> None:
    assert isinstance(verdict(HUNG, storage({"vda": SILENT})), Refuted)


def test_a_disk_that_ends_nothing_for_seconds_is_looked_at_for_longer() -> None:
    found = verdict(HUNG, storage({"vda": SILENT}, waits=WRITER, final=False))
    assert isinstance(found, Open)
    assert found.asks == ("blocklat",)
    long = storage({"vda": SILENT}, waits=WRITER, final=False, samples=32)
    assert confirmed(HUNG, long).confidence == 0.95


def test_two_seconds_are_too_short_to_tell() -> None:
    assert isinstance(verdict(HUNG, storage({"vda": SILENT}, waits=WRITER, samples=3)), Unknown)


def test_a_disk_whose_commands_time_out_is_slow_and_not_hung() -> None:
    late = event("scsi-timeout", "timing out command, waited 30s", device="vda")
    assert isinstance(verdict(HUNG, storage({"vda": SILENT}, waits=WRITER, events=[late])), Refuted)


def test_a_suspended_mapping_holds_everything_back() -> None:
    blocks = {"vda": disk(carries=("dm-0",)), "dm-0": mapped("vg-db", "vda", suspended=1)}
    found = confirmed(
        HUNG, storage({"vda": does(reads=3)}, blocks=blocks, waits={"5": asleep("mysqld", READ)})
    )
    assert found.scope.name == "dm-0"
    assert "vg-db" in found.mechanism


def test_a_network_disk_that_ends_no_request_is_its_servers_fault() -> None:
    blocks = {"nbd0": disk("43:0", transport="nbd")}
    stuck = event(
        "hung-task", "INFO: task tape-writer:31 blocked for more than 4 seconds.", comm="tape-writer", pid=31
    )
    view = storage({"nbd0": does("43:0", in_flight=1)}, blocks=blocks, waits=WRITER, events=[stuck])
    found = confirmed(REMOTE, view)
    assert (found.scope.kind, found.scope.name) == ("device", "nbd0")
    assert found.confidence >= 0.9
    assert isinstance(verdict(HUNG, view), Refuted)


def test_a_network_disk_that_answers_is_well() -> None:
    blocks = {"nbd0": disk("43:0", transport="nbd")}
    assert isinstance(
        verdict(
            REMOTE,
            storage({"nbd0": does("43:0", reads=50, read_s=0.01, busy=0.5, in_flight=1)}, blocks=blocks),
        ),
        Refuted,
    )


def test_a_machine_without_network_storage_rules_it_out() -> None:
    found = verdict(REMOTE, storage({"vda": SILENT}, waits=WRITER))
    assert isinstance(found, Refuted)
    assert "behind a network" in found.reason


def test_an_nfs_server_that_sends_nothing_while_tasks_wait_does_not_answer() -> None:
    mounted = {"/srv": Mount(number="0:51", source="server:/x", kind="nfs4")}
    view = storage({}, mounted=mounted, waits={"8": asleep("ls", RPC)}, served={"/srv": (0.5, 0.0)})
    found = confirmed(REMOTE, view)
    assert (found.scope.kind, found.scope.name) == ("filesystem", "/srv")
    answered = storage({}, mounted=mounted, waits={"8": asleep("ls", RPC)}, served={"/srv": (20.0, 20.0)})
    assert isinstance(verdict(REMOTE, answered), Refuted)


def test_a_server_that_answers_again_is_over() -> None:
    mounted = {"/srv": Mount(number="0:51", source="nas-3:/x", kind="nfs4")}
    gone = event("nfs-server-not-responding", "nfs: server nas-3 not responding", age_s=90.0, server="nas-3")
    back = event("nfs-server-ok", "nfs: server nas-3 OK", age_s=20.0, server="nas-3")
    waiting = {"8": asleep("rsync", READ)}
    assert confirmed(REMOTE, storage({}, mounted=mounted, waits=waiting, events=[gone])).scope.name == "/srv"
    assert isinstance(
        verdict(REMOTE, storage({}, mounted=mounted, waits=waiting, events=[gone, back])), Refuted
    )


def test_a_writer_that_waits_for_a_thaw_names_the_frozen_file_system() -> None:
    found = confirmed(
        CLOSED, storage({}, waits={"12": asleep("postgres", FROZEN), "13": asleep("logger", FROZEN)})
    )
    assert found.scope.kind == "process"
    assert found.scope.name in ("postgres[12]", "logger[13]")
    assert len(found.victims) == 1


def test_a_writer_that_the_kernel_reported_and_that_is_thawed_by_now() -> None:
    hung = event(
        "hung-task", "INFO: task postgres:12 blocked for more than 3 seconds.", comm="postgres", pid=12, blocked_s=3,
        stack=("percpu_rwsem_wait", "__percpu_down_read", "mnt_want_write", "path_openat"),
    )  # fmt: skip
    found = confirmed(CLOSED, storage({}, events=[hung]))
    assert found.scope.name == "postgres[12]"
    assert "thawed since" in found.mechanism


def test_the_same_lock_elsewhere_is_no_frozen_file_system() -> None:
    stack = (
        "percpu_rwsem_wait",
        "__percpu_down_read",
        "cgroup_attach_lock",
        "cgroup_procs_write",
        "vfs_write",
    )
    assert isinstance(verdict(CLOSED, storage({}, waits={"12": asleep("systemd", stack)})), Refuted)


def test_a_snapshot_that_freezes_for_a_moment_is_no_finding() -> None:
    view = storage({}, waits={})
    assert isinstance(verdict(CLOSED, view), Refuted)


def test_what_cannot_be_seen_is_unknown() -> None:
    assert isinstance(verdict(HUNG, storage({}, without=[diskstats.SOURCE])), Unknown)
    assert isinstance(verdict(CLOSED, storage({}, without=[task_waits.SOURCE])), Unknown)
