"""A copied tree: files where there are some, else what the outputs of commands tell, and nothing outside of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kernward.collectors.copied import CopiedClock, CopiedRoot
from kernward.collectors.root import Unavailable
from kernward.collectors.sources import filesystem, loadavg, mounts, processes, snmp
from kernward.records.errors import InputError
from tests.collectors.made_trees import made

FILES = {
    "proc/meminfo": "MemTotal: 1 kB\n",
    "proc/mounts": "/dev/vda1 / ext4 rw 0 0\n/dev/vdb /data\\040x xfs ro 0 0\n",
    "proc/stat": "cpu 1 2 3\nbtime 1767362584\n",
    "sos_commands/date/date_--utc": "Fri Jan  2 03:04:05 PM UTC 2026\n",
    "sos_commands/host/uptime": " 15:04:05 up 2 days,  3:04,  1 user,  load average: 1.50, 0.70, 0.20\n",
    "sos_commands/kernel/sysctl_-a": "kernel.hostname = web-1\nnet.ipv4.conf.eth0/100.rp_filter = 1\nbroken\n",
    "sos_commands/filesys/df_-al_-x_autofs": (
        "Filesystem 1K-blocks Used Available Use% Mounted on\n"
        "/dev/vda1 1000 900 50 95% /\n/dev/vdb 2000 100 1900 5% /data x\nproc 0 0 0 - /proc\n"
    ),
    "sos_commands/filesys/df_-ali_-x_autofs": (
        "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/vda1 500 499 1 100% /\n"
    ),
    "sos_commands/process/ps_auxwwwm": (
        "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\n"
        "root 1 0.0 0.1 4096 1024 ? - Jan01 1:30 /sbin/init splash\n"
        "root - 0.0 - - - - Ss Jan01 1:30 -\n"
        "root 2 0.0 0.0 0 0 ? S Jan01 0:00 [kthreadd]\n"
        "evil 7 0.0 0.0 x y ? D Jan01 1-02:03:04 /bin/a) b (c\n"
    ),
    "sos_commands/process/ps_-elfL": (
        "F S UID PID PPID LWP C NLWP PRI NI ADDR SZ WCHAN STIME TTY TIME CMD\n"
        "4 S root 1 0 1 0 3 80 0 - 100 ep_pol Jan01 ? 00:00:01 /sbin/init\n"
        "4 D evil 7 1 7 0 1 80 5 - 100 rq_qos Jan01 ? 00:00:01 /bin/a) b (c\n"
    ),
    "sos_commands/networking/nstat_-zas": (
        "#kernel\nTcpRetransSegs 12 0.0\nTcpExtListenOverflows 5 0.0\nIpInReceives 7 0.0\nOther 1 0.0\n"
    ),
}


@pytest.fixture
def tree(tmp_path) -> Path:
    """A sosreport as it is unpacked: in a folder of its name."""
    made(tmp_path / "sosreport-web-1", FILES)
    return tmp_path


def test_a_file_that_is_there_is_what_counts(tree) -> None:
    (tree / "sosreport-web-1/proc/loadavg").write_text("9.00 8.00 7.00 1/2 3\n")
    assert loadavg.read(CopiedRoot(tree)).load_1m == 9.0


def test_settings_come_from_sysctl(tree) -> None:
    root = CopiedRoot(tree)
    assert root.text("/proc/sys/kernel/hostname") == "web-1"
    assert root.number("/proc/sys/net/ipv4/conf/eth0.100/rp_filter") == 1
    assert root.text("/proc/sys/kernel/osrelease") is None
    assert root.exists("/proc/sys/kernel/hostname")
    assert not root.exists("/proc/sys/broken")


def test_loads_come_from_uptime(tree) -> None:
    assert loadavg.read(CopiedRoot(tree)).load_5m == 0.7


def test_the_time_is_that_of_the_copy(tree) -> None:
    clock = CopiedClock(CopiedRoot(tree))
    assert clock.utc() == datetime(2026, 1, 2, 15, 4, 5, tzinfo=UTC)
    assert clock.monotonic_s() == 3661.0
    (tree / "sosreport-web-1/proc/uptime").write_text("77.5 1.0\n")
    assert CopiedClock(CopiedRoot(tree)).up_s == 77.5


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("15:04:05 up 2 days,  3:04,  1 user", (2 * 24 + 3) * 3600 + 240),
        ("15:04:05 up  7:20,  0 user", 7 * 3600 + 20 * 60),
        ("15:04:05 up 1 day, 12 min,  2 users", 86_400 + 720),
        ("15:04:05 up 5 min", 300),
        ("nothing", None),
    ],
)
def test_without_a_boot_time_uptime_tells_it(tree, said, seconds) -> None:
    (tree / "sosreport-web-1/proc/stat").unlink()
    (tree / "sosreport-web-1/sos_commands/host/uptime").write_text(said)
    assert CopiedClock(CopiedRoot(tree)).up_s == seconds


def test_file_systems_come_from_df(tree) -> None:
    root = CopiedRoot(tree)
    assert {point: each.kind for point, each in mounts.read(root, None).items()} == {
        "/": "ext4",
        "/data x": "xfs",
    }
    full = filesystem.read(root, None)["/"]
    assert (full.size_bytes, full.available_bytes, full.inodes_free) == (1_024_000, 51_200, 1)
    assert full.used_share == pytest.approx(900 / 950)


def test_processes_come_from_ps(tree) -> None:
    found = processes.read(CopiedRoot(tree))
    assert set(found) == {"1", "2", "7"}
    init, thread, evil = found["1"], found["2"], found["7"]
    assert (init.comm, init.threads, init.user_s, init.rss_bytes) == ("init", 3, 90.0, 1 << 20)
    assert (thread.comm, thread.kernel_thread) == ("kthreadd", True)
    assert (evil.comm, evil.state, evil.parent, evil.nice) == ("a)", "D", 1, 5)
    assert evil.user_s == 26 * 3600 + 184
    assert CopiedRoot(tree).text("/proc/7/wchan") == "rq_qos"


def test_network_counters_come_from_nstat(tree) -> None:
    root = CopiedRoot(tree)
    assert root.text("/proc/net/netstat") == "TcpExt: ListenOverflows\nTcpExt: 5"
    assert snmp.read(root).tcp_segments_retransmitted == 12


def test_what_nothing_tells_stays_absent(tree) -> None:
    with pytest.raises(Unavailable):
        CopiedRoot(tree).read("/proc/zoneinfo")


def test_no_link_leads_out_of_the_tree(tree) -> None:
    (tree / "sosreport-web-1/proc/zoneinfo").symlink_to("/etc/passwd")
    (tree / "sosreport-web-1/sys").symlink_to("/sys")
    root = CopiedRoot(tree)
    assert root.read_or_none("/proc/zoneinfo") is None
    assert root.read_or_none("/sys/kernel/mm/transparent_hugepage/enabled") is None


def test_a_folder_of_something_else_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="it holds no proc"):
        CopiedRoot(tmp_path)
