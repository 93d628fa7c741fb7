"""Processes: what is read of them, hostile names, what vanishes, what is hidden."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sources import processes
from tests.collectors.made_trees import made

REST = (
    "S 1 812 812 0 -1 4194560 2120 0 3 0 141 250 10 5 20 0 4 0 2128935 3133440 394 18446744073709551615 "
    "94884037328896 94884037348777 140727484949664 0 0 0 0 0 0 0 0 0 17 1 0 0 7 0 0 94884037364784 "
    "94884037366400 94885082198016 140727484951048 140727484951089 140727484951089 140727484952555 0\n"
)


def tree(folder: Path, stats: dict[str, bytes]) -> Root:
    return made(folder, {f"/proc/{pid}/stat": stat for pid, stat in stats.items()})


def stat(comm: bytes, pid: int = 812) -> bytes:
    return b"%d (%b) %b" % (pid, comm, REST.encode())


def test_each_field_has_its_unit(tmp_path: Path) -> None:
    root = tree(tmp_path, {"812": stat(b"nginx")})
    (tmp_path / "proc/812/schedstat").write_text("1500000000 250000000 77\n")
    found = processes.read(root)["812"]
    assert (found.comm, found.state, found.parent, found.threads) == ("nginx", "S", 1, 4)
    assert (found.user_s, found.system_s, found.children_s) == (1.41, 2.5, 0.15)
    assert (found.minor_faults, found.major_faults) == (2120, 3)
    assert found.start_s == 21289.35
    assert found.rss_bytes == 394 * os.sysconf("SC_PAGE_SIZE")
    assert (found.ran_s, found.waited_s, found.block_wait_s) == (1.5, 0.25, 0.07)
    assert found.processor == 1
    assert not found.kernel_thread


@pytest.mark.parametrize(
    ("comm", "shown"),
    [
        (b"a b", "a b"),
        (b") R 1 (x", ") R 1 (x"),
        (b"(((", "((("),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"x\n1 (y) Z", "x\n1 (y) Z"),
        (b"", ""),
    ],
)
def test_a_name_may_hold_anything(tmp_path: Path, comm: bytes, shown: str) -> None:
    found = processes.read(tree(tmp_path, {"812": stat(comm)}))["812"]
    assert (found.comm, found.state, found.parent) == (shown, "S", 1)


@pytest.mark.parametrize(
    "torn",
    [b"", b"812", b"812 (nginx", b"812 (nginx) S 1", stat(b"x").replace(b"2120", b"9" * 300), b")(" * 90],
)
def test_a_torn_file_is_left_out(tmp_path: Path, torn: bytes) -> None:
    found = processes.read(tree(tmp_path, {"812": torn, "1": stat(b"init", 1)}))
    assert list(found) == ["1"]


def test_one_without_the_newer_fields_is_read(tmp_path: Path) -> None:
    short = b" ".join(stat(b"old").split()[:24])
    found = processes.read(tree(tmp_path, {"812": short}))["812"]
    assert found.threads == 4
    assert found.processor is None
    assert found.block_wait_s is None


def test_a_process_that_ended_meanwhile_is_left_out(tmp_path: Path) -> None:
    root = tree(tmp_path, {"1": stat(b"init", 1)})
    (tmp_path / "proc/900").mkdir()
    assert list(processes.read(root)) == ["1"]


def test_only_pids_are_asked_for(tmp_path: Path) -> None:
    root = tree(tmp_path, {"1": stat(b"init", 1), "812": stat(b"x")})
    assert list(processes.read(root, ["812", "../812", "self", "77", "٨"])) == ["812"]


def test_what_hidepid_hides_is_said(tmp_path: Path) -> None:
    root = tree(tmp_path, {"812": stat(b"mine")})
    assert list(processes.read(root)) == ["812"]
    assert "hidepid" in root.missing["/proc/PID/stat"]


def test_no_processes_at_all_is_said(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    with pytest.raises(Unavailable, match="no processes"):
        processes.read(Root(tmp_path))


def test_this_machine_agrees_with_itself() -> None:
    found = processes.read(Root())[str(os.getpid())]
    assert found.parent == os.getppid()
    assert found.comm == Path("/proc/self/comm").read_text().rstrip("\n")
    assert found.rss_bytes is not None
    assert found.rss_bytes > 1 << 20
    assert found.start_s > 0


def test_a_process_that_sleeps_is_the_same_and_one_that_runs_is_not() -> None:
    root = Root("/")
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        me, it = str(os.getpid()), str(sleeper.pid)
        while processes.read(root)[it].comm != "sleep":
            time.sleep(0.01)
        time.sleep(0.05)
        before = processes.read(root)
        root.kept.clear()
        sum(range(3_000_000))
        after = processes.read(root)
        assert after[it] is before[it]
        assert after[me].ran_s > before[me].ran_s
        # It wakes, and everything of it is new.
        sleeper.kill()
        while processes.read(root)[it].state != "Z":
            time.sleep(0.01)


def test_what_another_took_of_a_sleeping_process_shows_after_some_samples() -> None:
    root = Root("/")
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        it = str(sleeper.pid)
        while processes.read(root)[it].comm != "sleep":
            time.sleep(0.01)
        time.sleep(0.05)
        for _ in range(2):
            processes.read(root)
        read: list[str] = []
        reading = root.read

        def noting(path: str, limit_bytes: int = 0) -> bytes:
            read.append(path)
            return reading(path, 8192)

        root.read = noting  # type: ignore[method-assign]
        for _ in range(processes.AFRESH):
            processes.read(root)
        sleeper.kill()
    # A process more or less on the machine shifts whose turn it is.
    assert 1 <= read.count(f"/proc/{it}/stat") <= processes.AFRESH // 2
    assert read.count(f"/proc/{it}/schedstat") >= processes.AFRESH // 2
