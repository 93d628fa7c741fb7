"""Sources of tasks besides /proc/PID/stat: files, limits, cgroups, threads, what they wait for, locks."""

import os
import resource
import threading
from pathlib import Path

import pytest

from kernward.collectors import task_files
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sources import (
    cgroup_freezer,
    file_locks,
    kernel_limits,
    kernel_tables,
    pcie_errors,
    process_cgroups,
    process_files,
    process_status,
    processes,
    stacks,
    task_waits,
    threads,
)
from tests.collectors.made_trees import unpacked

LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max processes             96365                96365                processes
Max open files            256                  4096                 files
"""
STATUS = "Name:\tx\\n0\nUid:\t0\t33\t33\t33\nFDSize:\t{}\nRssAnon:\t  100 kB\nVmSwap:\t  8 kB\nCpus_allowed_list:\t0-3,8\nvoluntary_ctxt_switches:\t70\nnonvoluntary_ctxt_switches:\t9\n"
FUTEX = f"{task_files._FUTEX.get(os.uname().machine, task_files._FUTEX_GENERIC)[0]} 0x7f0010 0x{{:x}} 0x{{:x}} 0x0 0x0 0x0 0x7ffc 0x7f2b\n"


def line(pid: int, comm: str, state: str = "S", count: int = 1, flags: int = 4194304) -> str:
    return (
        f"{pid} ({comm}) {state} 1 1 1 0 -1 {flags} 20 0 3 0 141 250 10 5 20 0 {count} 0 2128935 3133440 394 "
        "18446744073709551615 1 1 1 0 0 0 0 0 0 0 0 0 17 1 0 0 7 0 0 1 1 1 1 1 1 1 0\n"
    )


def process(folder: Path, pid: int, stat: str, **files: str) -> Path:
    here = folder / "proc" / str(pid)
    here.mkdir(parents=True)
    (here / "stat").write_text(stat)
    for name, text in files.items():
        (here / name).write_text(text)
    return here


# Of guests: a process whose threads contend for a lock, one with a name made to mislead and its zombie.
GUESTS = {"6.1": ("90", "91", "97"), "6.12": ("146", "147", "153")}
every_guest = pytest.mark.parametrize("guest", GUESTS)


def guest_tree(folder: Path, guest: str) -> Root:
    return unpacked(folder, (Path(__file__).parent / f"tasks-guest-{guest}.txt").read_text())


@every_guest
def test_processes_of_a_guest(tmp_path: Path, guest: str) -> None:
    lock, odd, _ = GUESTS[guest]
    found = processes.read(guest_tree(tmp_path, guest))
    assert found[lock].comm == "inventory"
    assert (found[lock].threads, found[lock].kernel_thread) == (5, False)
    assert found["2"].kernel_thread
    assert found[odd].comm == "a b) R 1 ("
    (zombie,) = (each for each in found.values() if each.state == "Z")
    assert (zombie.comm, zombie.parent) == ("a b) R 1 (", int(odd))
    assert all(each.ran_s is not None and each.waited_s is not None for each in found.values())


@every_guest
def test_a_lock_that_threads_of_a_guest_contend_for(tmp_path: Path, guest: str) -> None:
    lock = GUESTS[guest][0]
    found = task_waits.read(guest_tree(tmp_path, guest))[lock]
    assert (found.threads, found.futex_lock, found.futex_address) == (5, True, "0x59dec0")
    assert found.futex_same is not None
    assert found.futex_same >= 1


@every_guest
def test_threads_of_a_guest(tmp_path: Path, guest: str) -> None:
    lock = GUESTS[guest][0]
    found = threads.read(guest_tree(tmp_path, guest), [lock])
    assert len(found) == 5
    assert all(each.comm == "inventory" and each.allowed_cpus == "0-1" for each in found.values())
    assert all((each.voluntary_switches or 0) > 0 for each in found.values())
    assert "futex_wait_queue" in {each.wait for each in found.values()}


@every_guest
def test_limits_of_a_guest(tmp_path: Path, guest: str) -> None:
    root = guest_tree(tmp_path, guest)
    files = process_files.read(root)
    assert {(each.limit, each.hard_limit) for each in files.values()} == {(1024, 4096)}
    found = kernel_limits.read(root)
    # The count of open files is kept by CPU, and the first few dozens do not show.
    assert (found.open_files, found.pid_max) == (0, 32768)
    assert found.tasks is not None
    assert 50 < found.tasks < 100


@every_guest
def test_stacks_of_a_guest(tmp_path: Path, guest: str) -> None:
    found = stacks.read(guest_tree(tmp_path, guest))
    assert found["2"].functions[0] == "kthreadd"
    assert "__do_sys_pause" in found[GUESTS[guest][1]].functions


def test_open_files_are_listed_where_the_table_is_large_enough_for_the_limit(tmp_path: Path) -> None:
    here = process(tmp_path, 7, line(7, "gateway"), limits=LIMITS, status=STATUS.format(256))
    (here / "fd").mkdir()
    for number in range(250):
        (here / "fd" / str(number)).touch()
    found = process_files.read(Root(tmp_path))["7"]
    assert (found.open_files, found.limit, found.hard_limit, found.tasks_limit) == (250, 256, 4096, 96365)


def test_a_large_table_that_is_far_from_its_limit_is_not_listed(tmp_path: Path) -> None:
    far = LIMITS.replace("256                  4096", "1048576              1048576")
    process(tmp_path, 7, line(7, "gateway"), limits=far, status=STATUS.format(8192))
    found = process_files.read(Root(tmp_path))["7"]
    assert (found.open_files, found.table_size) == (None, 8192)


def test_no_limit_is_none(tmp_path: Path) -> None:
    text = LIMITS.replace("256                  4096     ", "unlimited            unlimited")
    process(tmp_path, 7, line(7, "x"), limits=text, status=STATUS.format(64))
    assert process_files.read(Root(tmp_path))["7"].limit is None


def test_a_thread_of_the_kernel_and_a_zombie_have_no_files(tmp_path: Path) -> None:
    process(tmp_path, 2, line(2, "kthreadd", flags=0x208040), limits=LIMITS, status=STATUS.format(64))
    process(tmp_path, 9, line(9, "dead", "Z"), limits=LIMITS, status=STATUS.format(64))
    assert process_files.read(Root(tmp_path)) == {}


def test_our_own_open_files_are_counted() -> None:
    found = process_files.read(Root(), [str(os.getpid())])[str(os.getpid())]
    assert found.limit == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert found.open_files is not None
    assert abs(found.open_files - len(os.listdir("/proc/self/fd"))) <= 1


def test_a_file_limit_that_is_none_is_absent(tmp_path: Path) -> None:
    (tmp_path / "proc/sys/fs").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel").mkdir()
    (tmp_path / "proc/sys/fs/file-nr").write_text("4672\t0\t9223372036854775807\n")
    (tmp_path / "proc/sys/kernel/pid_max").write_text("32768\n")
    (tmp_path / "proc/loadavg").write_text("0.5 0.6 0.7 2/431 81220\n")
    found = kernel_limits.read(Root(tmp_path))
    assert (found.open_files, found.files_limit) == (4672, None)
    assert (found.tasks, found.last_pid, found.pid_max, found.threads_max) == (431, 81220, 32768, None)


def test_nothing_to_read_of_limits_is_said(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    with pytest.raises(Unavailable, match="counted"):
        kernel_limits.read(Root(tmp_path))


def test_cgroups_of_both_versions_are_told_apart() -> None:
    found = process_cgroups.parse(
        b"12:pids:/a\n4:cpu,cpuacct:/b c\n1:name=systemd:/init.scope\n0::/u/x (deleted)\nrubbish\n:::\n"
    )
    assert found.cgroup == "/u/x"
    assert (found.of("cpuacct"), found.of("pids"), found.of("io")) == ("/b c", "/a", "/u/x")


def test_status_has_bytes_switches_and_cpus(tmp_path: Path) -> None:
    process(tmp_path, 7, line(7, "x"), status=STATUS.format(64))
    found = process_status.read(Root(tmp_path), ["7", "8", "../7"])
    assert list(found) == ["7"]
    assert (found["7"].swap_bytes, found["7"].anonymous_bytes) == (8192, 102400)
    assert (found["7"].voluntary_switches, found["7"].involuntary_switches) == (70, 9)
    assert (found["7"].user, found["7"].allowed_cpus) == (33, "0-3,8")


def waiting(folder: Path, operation: int, value: int) -> Root:
    here = process(folder, 7, line(7, "inventory", count=4))
    for tid in (7, 70, 71, 72):
        task = here / "task" / str(tid)
        task.mkdir(parents=True)
        (task / "stat").write_text(line(tid, "inventory", "R" if tid == 70 else "S"))
        (task / "syscall").write_text("running\n" if tid == 70 else FUTEX.format(operation, value))
    return Root(folder)


@pytest.mark.parametrize(
    ("operation", "value", "lock"),
    [(0x80, 2, True), (0x86, 0, True), (0x189, 0, False), (0x80, 0, False), (0, 0x80000007, True)],
)
def test_threads_that_queue_for_a_lock_are_told_from_others(
    tmp_path: Path, operation: int, value: int, lock: bool
) -> None:
    found = task_waits.read(waiting(tmp_path, operation, value))["7"]
    assert (found.threads, found.futex_waits, found.futex_same) == (4, 3, 3)
    assert (found.futex_address, found.futex_lock) == ("0x7f0010", lock)


def test_a_futex_call_that_wakes_is_no_wait(tmp_path: Path) -> None:
    assert task_waits.read(waiting(tmp_path, 0x81, 1)) == {}


def test_a_blocked_task_has_its_stack(tmp_path: Path) -> None:
    process(
        tmp_path, 9, line(9, "kf_submit", "D", flags=0x208040), wchan="kf_submit",
        stack="[<0>] __mutex_lock+0x399/0x700\n[<0>] kf_submit+0x15/0x40 [kf]\n", schedstat="1 2 17\n",
    )  # fmt: skip
    process(tmp_path, 10, line(10, "idle"))
    found = task_waits.read(Root(tmp_path))
    assert list(found) == ["9"]
    (task,) = found["9"].blocked_tasks
    assert (task.task, task.comm, task.wait, task.turns) == ("9", "kf_submit", "kf_submit", 17)
    assert task.stack == ("__mutex_lock", "kf_submit")


def test_our_own_threads_that_wait_for_a_lock_are_seen() -> None:
    held = threading.Lock()
    held.acquire()
    started = threading.Barrier(4)

    def wait() -> None:
        started.wait()
        held.acquire()
        held.release()

    some = [threading.Thread(target=wait) for _ in range(3)]
    for each in some:
        each.start()
    started.wait()
    try:
        found = threads.read(Root(), [str(os.getpid())])
    finally:
        held.release()
    for each in some:
        each.join()
    assert len(found) >= 4
    assert all(entity.startswith(f"{os.getpid()}/") for entity in found)


def test_threads_of_a_process_that_ended_are_none() -> None:
    assert threads.read(Root(), ["999999999"]) == {}


def test_the_holder_of_a_file_lock_is_named(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/locks").write_text(
        "1: FLOCK  ADVISORY  WRITE 812 fe:00:131 0 EOF\n"
        "1: -> FLOCK  ADVISORY  WRITE 813 fe:00:131 0 EOF\n"
        "1: -> FLOCK  ADVISORY  WRITE 814 fe:00:131 0 EOF\n"
        "2: POSIX  ADVISORY  READ 900 fe:00:140 0 10\n2:\n\n"
    )
    found = file_locks.read(Root(tmp_path))
    assert (found.held, found.waiting, found.holders, found.wanted) == (2, 2, ("812",), "fe:00:131")


def test_processes_are_read_once_a_sample(tmp_path: Path) -> None:
    process(tmp_path, 7, line(7, "x"))
    root = Root(tmp_path)
    processes.read(root)
    (tmp_path / "proc/7/stat").unlink()
    assert list(processes.known(root)) == ["7"]


def test_errors_of_pcie_devices_are_summed_up_by_the_kernel(tmp_path: Path) -> None:
    device = tmp_path / "sys/bus/pci/devices/0000:3b:00.0"
    device.mkdir(parents=True)
    (device / "aer_dev_correctable").write_text("RxErr 3\nBadTLP 9\nTimeout 0\nTOTAL_ERR_COR 12\n")
    (device / "aer_dev_nonfatal").write_text("CmpltTO 1\nTOTAL_ERR_NONFATAL 1\n")
    (device / "aer_dev_fatal").write_text("torn")
    (tmp_path / "sys/bus/pci/devices/0000:00:00.0").mkdir()
    found = pcie_errors.read(Root(tmp_path))
    assert list(found) == ["0000:3b:00.0"]
    assert (found["0000:3b:00.0"].corrected, found["0000:3b:00.0"].nonfatal) == (12, 1)
    assert found["0000:3b:00.0"].fatal is None
    assert found["0000:3b:00.0"].kinds == "RxErr, BadTLP, CmpltTO"


def test_a_stack_says_which_module_it_is_in(tmp_path: Path) -> None:
    process(
        tmp_path, 9, line(9, "kf_flush", flags=0x208040),
        stack="[<0>] msleep+0x2d/0x40\n[<0>] kf_flush+0x15/0x40 [kernward_faults]\nrubbish\n[<0>] +0x\n",
    )  # fmt: skip
    found = stacks.read(Root(tmp_path))["9"]
    assert (found.comm, found.state) == ("kf_flush", "S")
    assert found.functions[:2] == ("msleep", "kf_flush")
    assert found.modules == ("kernward_faults",)


def test_stacks_take_root(tmp_path: Path) -> None:
    process(tmp_path, 9, line(9, "x"))
    with pytest.raises(Unavailable, match="takes root"):
        stacks.read(Root(tmp_path))


def test_threads_beyond_the_bound_are_not_looked_at_and_that_is_said(tmp_path: Path) -> None:
    here = process(tmp_path, 7, line(7, "huge", count=700))
    for tid in range(7, 707):
        task = here / "task" / str(tid)
        task.mkdir(parents=True)
        (task / "stat").write_text(line(tid, "huge"))
        (task / "syscall").write_text(FUTEX.format(0x80, 2))
    root = Root(tmp_path)
    assert task_waits.read(root)["7"].threads == task_waits.MOST_THREADS_OF_ONE
    assert "not all threads" in root.missing["/proc/PID/task"]


def test_frozen_groups_of_both_versions(tmp_path: Path) -> None:
    v1, v2 = tmp_path / "sys/fs/cgroup/freezer", tmp_path / "sys/fs/cgroup/unified"
    for folder in (v1, v1 / "pod", v1 / "pod/app", v1 / "web", v2, v2 / "db", v2 / "mail"):
        folder.mkdir(parents=True)
        (folder / "cgroup.procs").touch()
    (v2 / "cgroup.controllers").touch()
    for name, state, itself in (("pod", "FROZEN", "1"), ("pod/app", "FREEZING", "0"), ("web", "THAWED", "0")):
        (v1 / name / "freezer.state").write_text(f"{state}\n")
        (v1 / name / "freezer.self_freezing").write_text(f"{itself}\n")
    (v2 / "db/cgroup.events").write_text("populated 1\nfrozen 1\n")
    (v2 / "db/cgroup.freeze").write_text("1\n")
    (v2 / "mail/cgroup.events").write_text("populated 1\nfrozen 0\n")
    found = cgroup_freezer.read(Root(tmp_path))
    assert {name: (each.frozen, each.itself, each.version) for name, each in found.items()} == {
        "/pod": (True, True, 1),
        "/pod/app": (False, False, 1),
        "/db": (True, True, 2),
    }


def test_a_process_that_took_over_an_id_is_not_taken_for_the_one_before(tmp_path: Path) -> None:
    here = process(tmp_path, 7, line(7, "old"), limits=LIMITS, status=STATUS.format(64), cgroup="0::/old\n")
    root = Root(tmp_path)
    assert process_files.read(root)["7"].limit == 256
    assert process_cgroups.read(root)["7"].cgroup == "/old"
    (here / "stat").write_text(line(7, "new").replace("2128935", "2999999"))
    (here / "limits").write_text(LIMITS.replace("256 ", "512 "))
    (here / "cgroup").write_text("0::/new\n")
    root.kept.clear()
    assert process_files.read(root)["7"].limit == 512
    assert process_cgroups.read(root)["7"].cgroup == "/new"


def test_tables_of_the_kernel_are_counted_and_torn_ones_left_out(tmp_path: Path) -> None:
    for path, text in {
        "sys/fs/aio-nr": "65536\n",
        "sys/fs/aio-max-nr": "65536\n",
        "sys/kernel/pty/nr": "x\n",
        "sys/kernel/pty/max": "4096\n",
        "sys/kernel/sem": "32000\t1024000000\t500\t128\n",
        "sysvipc/sem": "  key  semid perms\n 0 1 600\n 0 2 600\n",
    }.items():
        file = tmp_path / "proc" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    found = kernel_tables.read(Root(tmp_path))
    assert {name: (each.used, each.limit) for name, each in found.items()} == {
        "asynchronous I/O requests": (65536, 65536),
        "semaphore sets": (2, 128),
    }
