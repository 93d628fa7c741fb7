"""Measurements on the running kernel: each sees what it is for, by every tier that works here.

They need clang's objects, libbpf and rights; without them a test says what is missing. Nothing outside is
needed: each makes its own processes, sockets, files and cgroups.
"""

import contextlib
import mmap
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kernward.collectors import cgroups
from kernward.collectors.bpf import btf, build
from kernward.collectors.bpf.attached import Attached, Scope
from kernward.collectors.bpf.libbpf import BpfError, count_runs
from kernward.collectors.bpf.tracefs import tracefs
from kernward.collectors.clock import Clock
from kernward.collectors.measurement import TIERS, Tier
from kernward.collectors.measuring import Session, measurement, measurements, tiers
from kernward.collectors.root import Root
from kernward.records.errors import UsageError

_MISSING = build.compile_all()


def _cannot() -> str:
    if _MISSING:
        return _MISSING
    try:
        Attached("softirq", "tp_btf", Scope()).close()
    except BpfError as error:
        return str(error)
    return ""


_WHY_NOT = _cannot()
needs_bpf = pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT or "-")


def measured(
    name: str, tiers: tuple[Tier, ...], act: Callable[[], Any], cgroup: str | None = None
) -> Mapping[str, Any]:
    """What one measurement counts while `act` runs; skips where none of these tiers works."""
    with Session(Root(), Clock(), tiers=tiers, cgroup=cgroup, max_overhead_percent=1000) as session:
        became = session.start([name])[name]
        if became.tier is None:
            pytest.skip(f"{name}: {became.reason}")
        act()
        return session.read()[name]


def python(code: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-S", "-c", code], check=check, capture_output=True, text=True)


# What each is to see: something that happens, and what has to be counted of it.


def _spin_two_on_one_cpu() -> None:
    cpu = min(os.sched_getaffinity(0))
    code = f"import os,time;os.sched_setaffinity(0,{{{cpu}}});e=time.time()+0.25\nwhile time.time()<e:pass"
    both = [subprocess.Popen([sys.executable, "-S", "-c", code]) for _ in range(2)]
    for each in both:
        each.wait()


def _total(records: Mapping[str, Any], field: str) -> float:
    return sum(getattr(record, field) or 0 for record in records.values())


def _write_to_disk() -> None:
    with contextlib.closing(os.fdopen(_scratch(), "wb")) as file:
        for _ in range(8):
            file.write(os.urandom(65536))
            file.flush()
            os.fsync(file.fileno())


def _scratch() -> int:
    path = f"/var/tmp/kernward-test-{os.getpid()}"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.unlink(path)
    return handle


def _disk() -> str:
    with contextlib.closing(os.fdopen(_scratch(), "wb")) as file:
        number = os.fstat(file.fileno()).st_dev
    place = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if not place.exists():
        pytest.skip("/var/tmp is on no block device")
    real = place.resolve()
    return real.parent.name if (real / "partition").exists() else real.name


def _wait_in_turns() -> None:
    lock = threading.Lock()

    def work() -> None:
        for _ in range(20):
            with lock:
                time.sleep(0.001)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def _touch() -> None:
    with contextlib.closing(mmap.mmap(-1, 8 << 20)) as memory:
        for at in range(0, 8 << 20, 4096):
            memory[at] = 1


def _refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.77", 0))
        port = free.getsockname()[1]
    with socket.socket() as one, contextlib.suppress(ConnectionRefusedError):
        one.connect(("127.0.0.77", port))


def _connected() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.78", 0))
        server.listen()
        for _ in range(5):
            with socket.create_connection(server.getsockname()):
                server.accept()[0].close()


def _map_and_unmap() -> None:
    # Threads of one process that change its address space wait for its semaphore.
    code = """
import ctypes,threading,time
libc=ctypes.CDLL(None)
libc.mmap.restype=ctypes.c_void_p
libc.mmap.argtypes=(ctypes.c_void_p,ctypes.c_size_t,*(ctypes.c_int,)*3,ctypes.c_long)
libc.munmap.argtypes=(ctypes.c_void_p,ctypes.c_size_t)
stop=time.time()+0.3
def work():
    while time.time()<stop: libc.munmap(libc.mmap(None,8<<20,3,0x8022,-1,0),8<<20)
threads=[threading.Thread(target=work) for _ in range(4)]
[each.start() for each in threads]
[each.join() for each in threads]
"""
    python(code)


def _compact() -> None:
    Path("/proc/sys/vm/compact_memory").write_text("1")


def _signalled() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", "import time;time.sleep(9)"]) as child:
        time.sleep(0.05)
        child.send_signal(signal.SIGKILL)


def _mine(records: Mapping[str, Any]) -> Any:
    return records[str(os.getpid())]


def _echo(one: socket.socket, other: socket.socket) -> None:
    """Hands bytes to a thread that waits for them, and back."""

    def answer() -> None:
        while data := other.recv(1):
            other.sendall(data)

    thread = threading.Thread(target=answer)
    thread.start()
    for _ in range(200):
        one.sendall(b"x")
        one.recv(1)
    one.shutdown(socket.SHUT_WR)
    thread.join()


def _over_tcp() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.79", 0))
        server.listen()
        with socket.socket() as one:
            one.connect(server.getsockname())
            other, _ = server.accept()
            with other:
                _echo(one, other)


def _between_two() -> None:
    one, other = socket.socketpair()
    with one, other:
        _echo(one, other)


_LOOKS: dict[str, tuple[Callable[[], Any], Callable[[Mapping[str, Any]], bool]]] = {
    "runqlat": (_spin_two_on_one_cpu, lambda all_: _total(all_, "wait_s") > 0.1),
    "preempt": (_spin_two_on_one_cpu, lambda all_: _total(all_, "preemptions") > 10),
    "blocklat": (_write_to_disk, lambda all_: all_[_disk()].writes > 0 and all_[_disk()].write_s > 0),
    "offcpu": (
        lambda: [time.sleep(0.02) for _ in range(5)],
        lambda all_: 0.09 < sum(v for k, v in _mine(all_).by_stack_s.items() if "nanosleep" in k) < 1,
    ),
    "syscalls": (
        lambda: [os.getppid() for _ in range(200)],
        lambda all_: _mine(all_).calls_by_name["getppid"] >= 200,
    ),
    "futex": (_wait_in_turns, lambda all_: _mine(all_).waits > 20 and _mine(all_).wait_s > 0.02),
    "kernel-locks": (
        _map_and_unmap,
        lambda all_: any(each.kind == "rwsem" and "map" in each.function for each in all_.values()),
    ),
    "compaction": (_compact, lambda all_: _total(all_, "compactions") >= 1),
    "tcp": (
        lambda: (_refused(), _connected()),
        lambda all_: all_["127.0.0.77"].connect_failures == 1 and all_["127.0.0.78"].connects == 5,
    ),
    "drops": (_refused, lambda all_: all_["NO_SOCKET"].drops >= 1),
    "softirq": (lambda: time.sleep(0.2), lambda all_: _total(all_, "runs") > 0),
    "hardirq": (_write_to_disk, lambda all_: _total(all_, "runs") > 0),
    "faults": (
        _touch,
        lambda all_: _mine(all_).user_faults + _mine(all_).kernel_faults > 4,
    ),
    "exec": (
        lambda: [python("pass") for _ in range(5)],
        lambda all_: _mine(all_).forks >= 5,
    ),
    "wakeups": (
        lambda: [time.sleep(0.001) for _ in range(50)],
        lambda all_: _mine(all_).by_timer >= 45 and _mine(all_).wakeups >= 45,
    ),
}


@needs_bpf
@pytest.mark.parametrize(
    ("name", "tier"),
    [
        (name, tier)
        for name in sorted(_LOOKS)
        for tier in build.tiers(build.PROGRAMS / f"{measurement(name).program}.bpf.c")
        if tier != "kprobe"
    ],
)
def test_it_sees_what_it_is_for(name: str, tier: Tier) -> None:
    act, seen = _LOOKS[name]
    # What depends on two processes meeting does not happen each time.
    assert any(seen(measured(name, (tier,), act)) for _ in range(5))


@needs_bpf
@pytest.mark.parametrize("tier", ["tp_btf", "raw_tp"])
def test_tasks_packets_and_devices_that_wake_somebody_are_told_apart(tier: Tier) -> None:
    own = _mine(measured("wakeups", (tier,), _between_two))
    assert own.by_task >= 100 > own.by_packet
    assert max(own.by_waker, key=own.by_waker.get).endswith(f"[{os.getpid()}]")
    own = _mine(measured("wakeups", (tier,), _over_tcp))
    assert own.by_packet >= 100
    _disk()
    own = _mine(measured("wakeups", (tier,), _write_to_disk))
    assert own.from_io >= 1
    assert own.by_device + own.by_task >= own.from_io


@needs_bpf
def test_signals_are_counted_by_name() -> None:
    found = measured("exec", ("tp_btf",), _signalled)
    assert any((each.signals or {}).get("SIGKILL") for each in found.values())
    assert _mine(found).children_killed >= 1


@needs_bpf
def test_who_resets_a_connection_is_told() -> None:
    found = measured("tcp", ("tp_btf",), _refused)
    assert sum(each.resets_sent or 0 for each in found.values()) >= 1


@needs_bpf
def test_system_calls_that_fail_are_counted() -> None:
    found = measured("syscalls", ("tp_btf",), lambda: os.path.exists("/no/such/file"))
    assert _mine(found).errors_by_name


@needs_bpf
def test_a_hostile_name_is_text_that_can_be_written() -> None:
    code = r"open('/proc/self/comm','wb').write(b'\xff\x1b[31m\n]')"
    code += "\nimport os\ninput()\nos.system('/bin/true')\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        go, done = child.stdin, child.stdout
        found = measured("exec", ("tp_btf",), lambda: (go.write(b"\n"), go.flush(), done.readline()))
        child.communicate(b"\n")
    assert found[str(child.pid)].comm == "\\xff\x1b[31m\n]"
    record = measurement("exec").source.record
    assert msgspec.json.decode(msgspec.json.encode(found), type=dict[str, record]) == found


@needs_bpf
@pytest.mark.parametrize("name", ["blocklat", "kernel-locks", "offcpu", "softirq", "syscalls", "tcp"])
def test_what_was_counted_survives_a_file(name: str) -> None:
    act, _ = _LOOKS[name]
    found = measured(name, ("tp_btf",), act)
    record = measurement(name).source.record
    assert found
    assert msgspec.json.decode(msgspec.json.encode(found), type=dict[str, record]) == found


# Cgroups of the machine's own kind.


_V2 = cgroups.Hierarchy(version=2, mount="/sys/fs/cgroup")


@contextlib.contextmanager
def group(controller: str) -> Iterator[tuple[str, Path]]:
    """A new cgroup with this controller: its name and its folder."""
    tree = cgroups.hierarchy(Root(), controller)
    if tree is None:
        pytest.skip(f"there is no cgroup tree with {controller}")
    name = f"/kernward-test-{os.getpid()}"
    folder = Path(tree.mount + name)
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made: {error}")
    try:
        yield tree.prefix + name, folder
    finally:
        for _ in range(50):
            with contextlib.suppress(OSError):
                folder.rmdir()
                break
            time.sleep(0.02)


def within(folder: Path, code: str) -> None:
    enter = f"open('{folder}/cgroup.procs','w').write('0')\n"
    python(enter + code, check=False)


def _limit(folder: Path, limit_bytes: int) -> None:
    for name in ("memory.max", "memory.limit_in_bytes"):
        if (folder / name).exists():
            (folder / name).write_text(str(limit_bytes))
            for swap in ("memory.swap.max", "memory.memsw.limit_in_bytes"):
                with contextlib.suppress(OSError):
                    (folder / swap).write_text("0" if swap == "memory.swap.max" else str(limit_bytes))
            return
    pytest.skip("the cgroup has no limit of memory")


@needs_bpf
@pytest.mark.parametrize("tier", ["tp_btf", "raw_tp"])
def test_a_cgroup_alone_can_be_measured(tier: Tier) -> None:
    with group("cpu") as (name, folder):
        found = measured(
            "exec",
            (tier,),
            lambda: (python("pass"), within(folder, "import os\nos.system('/bin/true')")),
            name,
        )
    # It is the parent of one that is in the group, and ended; what else it did is not counted.
    assert _mine(found).forks == 0
    assert _mine(found).children_exits == 1
    assert "true" in {each.comm for each in found.values()}


@needs_bpf
def test_groups_below_a_cgroup_belong_to_it() -> None:
    with group("cpu") as (name, folder):
        below = folder / "below"
        below.mkdir()
        code = "e=__import__('time').time()+0.1\nwhile __import__('time').time()<e:pass"
        found = measured("runqlat", ("tp_btf",), lambda: within(below, code), name)
        below.rmdir()
    assert set(found) <= {name, f"{name}/below"}
    assert f"{name}/below" in found


@needs_bpf
def test_requests_of_a_cgroup_are_told_from_others() -> None:
    controller = "blkio" if (cgroups.hierarchy(Root(), "blkio") or _V2).version == 1 else "io"
    with group(controller) as (name, folder), contextlib.closing(os.fdopen(_scratch(), "r+b")) as file:
        file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())
        # Reading is not put off, and is done by the one who reads.
        read = f"import os;f=os.open('/proc/{os.getpid()}/fd/{file.fileno()}',os.O_RDONLY);"
        read += "os.posix_fadvise(f,0,0,os.POSIX_FADV_DONTNEED);print(len(os.read(f,1<<20)))"
        disk = _disk()
        inside = measured("blocklat", ("tp_btf",), lambda: within(folder, read), name)
        outside = measured("blocklat", ("tp_btf",), lambda: python(read), name)
    assert inside[disk].bytes >= 1 << 20
    assert disk not in outside


@needs_bpf
def test_reclaim_for_a_limit_is_put_down_to_the_cgroup() -> None:
    with group("memory") as (name, folder):
        _limit(folder, 8 << 20)
        code = "f=open('/var/tmp/kernward-test-r','wb')\nfor _ in range(64): f.write(bytes(1<<19))\n"
        found = measured("reclaim", ("tp_btf",), lambda: within(folder, code))
        Path("/var/tmp/kernward-test-r").unlink(missing_ok=True)
    assert found[name].limit_reclaims > 0
    assert found[name].limit_reclaim_s > 0
    assert found[name].reclaimed_pages > 0


@needs_bpf
def test_whom_the_kernel_kills_is_told_with_its_cgroup() -> None:
    with group("memory") as (name, folder):
        _limit(folder, 16 << 20)
        found = measured("oom", ("raw_tp",), lambda: within(folder, "x=b'x'*(64<<20)"))
    assert found[name].kills == 1
    assert sum(found[name].victims.values()) == 1
    if found[name].last_victim is not None:  # since Linux 6.9
        assert set(found[name].victims) == {found[name].last_victim}
        assert found[name].last_victim_virtual_bytes > 16 << 20
        assert 0 < found[name].last_kill_s <= Clock().monotonic_s()


@needs_bpf
def test_where_a_cgroup_cannot_be_told_that_is_said() -> None:
    with group("cpu") as (name, _):
        with Session(Root(), Clock(), tiers=("tracepoint",), cgroup=name) as session:
            assert "whole machine" in session.start(["runqlat"])["runqlat"].reason
        with Session(Root(), Clock(), tiers=("tp_btf",), cgroup=name) as session:
            became = session.start(["runqlat", "softirq"])
    assert became["runqlat"].reason == ""
    assert "whole machine" in became["softirq"].reason


def test_the_ways_of_a_measurement_are_those_of_its_source() -> None:
    assert tiers(measurement("preempt")) == ("tp_btf", "raw_tp")
    assert tiers(measurement("oom")) == ("raw_tp", "tracepoint", "kprobe", "tracefs", "procfs")


@needs_bpf
def test_a_cgroup_that_is_not_there_is_said() -> None:
    with Session(Root(), Clock(), cgroup="/no/such/group") as session:
        became = session.start(["runqlat"])["runqlat"]
    assert became.tier is None
    assert "/no/such/group" in became.reason


@needs_bpf
def test_waits_agree_with_what_the_kernel_counts_itself() -> None:
    cpu = min(os.sched_getaffinity(0))
    # Each says what it waited since it was in the group; only the ends of processes are not in it.
    code = f"""
import os,time
def waited(): return int(open('/proc/self/schedstat').read().split()[1])
before=waited()
os.sched_setaffinity(0,{{{cpu}}})
children=[]
for _ in range(3):
    r,w=os.pipe()
    if not os.fork():
        e=time.time()+0.3
        while time.time()<e: pass
        os.write(w,str(waited()).encode()); os._exit(0)
    children.append(r)
print(sum(int(os.read(r,64)) for r in children)+waited()-before)
"""
    told: list[float] = []

    def act() -> None:
        enter = f"open('{folder}/cgroup.procs','w').write('0')\n"
        told.append(int(python(enter + code).stdout) / 1e9)

    with group("cpu") as (name, folder):
        found = measured("runqlat", ("tp_btf",), act, name)
    assert found[name].wait_s == pytest.approx(told[0], rel=0.15, abs=0.03)
    assert sum(found[name].wait_histogram) == found[name].waits


# Doing with less.

_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
_SESSION = """
from kernward.collectors.measuring import Session,measurements
from kernward.collectors.root import Root
from kernward.collectors.clock import Clock
with Session(Root(),Clock()) as session:"""


def test_every_measurement_says_what_it_costs_and_keeps_to_its_record() -> None:
    for name, each in measurements().items():
        assert each.source.name == name
        assert each.source.when == "measured"
        assert each.cost
        assert (build.PROGRAMS / f"{each.program}.bpf.c").is_file()
        if each.poll is not None and Path("/proc/vmstat").exists():
            for record in each.poll(Root()).values():
                assert isinstance(record, each.source.record)


@pytest.mark.parametrize("name", sorted(measurements()))
def test_without_programs_procfs_is_polled_or_the_reason_is_given(name: str) -> None:
    with Session(Root(), Clock(), tiers=("procfs",)) as session:
        became = session.start([name])[name]
        assert became.tier == ("procfs" if measurement(name).poll else None)
        if became.tier is None:
            assert became.reason
            return
        for record in session.read()[name].values():
            assert isinstance(record, measurement(name).source.record)


def test_polled_counters_begin_at_nothing() -> None:
    with Session(Root(), Clock(), tiers=("procfs",)) as session:
        session.start(["exec"])
        python("pass")
        forks = session.read()["exec"]["0"].forks
    assert 1 <= forks < 10_000


@needs_bpf
def test_without_types_events_are_read_by_their_format() -> None:
    code = f"""
import msgspec,sys
{_SESSION}
    became=session.start(['softirq','preempt','runqlat'])
    sys.stdout.write(msgspec.json.encode(list(became.values())).decode())
"""
    # The file that describes the kernel's types is covered, for this process alone.
    covered = 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"'
    if subprocess.run(["unshare", "-m", "sh", "-c", covered, "-", "true"], check=False).returncode:
        pytest.skip("no mount can be made here")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", covered, "-", sys.executable, "-c", code],
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    became = {each["name"]: each for each in msgspec.json.decode(done.stdout)}
    if became["runqlat"]["tier"] == "tp_btf":
        pytest.skip("the kernel's types are described elsewhere too")
    assert became["runqlat"]["tier"] == "tracepoint"
    assert "BTF" in became["runqlat"]["reason"]
    # It looks at no type of the kernel, and needs no format either.
    assert became["softirq"]["tier"] == "raw_tp"
    assert became["preempt"]["tier"] is None


def test_without_rights_each_says_so_or_does_with_less() -> None:
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root with setpriv can become nobody")
    code = f"""
import msgspec,sys
{_SESSION}
    became=session.start(list(measurements()))
    session.read(); session.check_cost()
sys.stdout.write(msgspec.json.encode(list(became.values())).decode())
"""
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
    done = subprocess.run(
        [*nobody, sys.executable, "-c", code], env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if "Permission denied" in done.stderr or "ModuleNotFoundError" in done.stderr:
        pytest.skip("nobody may not read this checkout")
    assert done.returncode == 0, done.stderr
    became = {each["name"]: each for each in msgspec.json.decode(done.stdout)}
    assert set(became) == set(measurements())
    assert all(each["tier"] in (None, "procfs") for each in became.values())
    assert became["runqlat"]["tier"] == "procfs"
    assert "permitted" in became["kernel-locks"]["reason"]


def test_without_libbpf_each_says_so_or_does_with_less() -> None:
    code = f"""
import msgspec,sys
from kernward.collectors.bpf import libbpf
libbpf._NAMES=('libbpf.so.none',)
{_SESSION}
    became=session.start(['runqlat','futex'])
    sys.stdout.write(msgspec.json.encode(list(became.values())).decode())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=_ENVIRONMENT, capture_output=True, text=True, check=True
    )
    runqlat, futex = msgspec.json.decode(done.stdout)
    assert runqlat["tier"] == "procfs"
    assert futex["tier"] is None
    if not _MISSING:
        assert "libbpf is not installed" in futex["reason"]


def test_without_compiled_programs_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "made", lambda name, tier: tmp_path / f"{name}.{tier}.bpf.o")
    with Session(Root(), Clock()) as session:
        became = session.start(["futex"])["futex"]
    assert became.tier is None
    assert "without its eBPF programs" in became.reason


def test_what_is_not_the_running_machine_cannot_be_measured(tmp_path: Path) -> None:
    with Session(Root(tmp_path), Clock()) as session:
        became = session.start(["runqlat"])["runqlat"]
    assert became.tier is None
    assert "running machine" in became.reason


def test_a_measurement_that_is_not_there_is_a_wrong_use() -> None:
    with pytest.raises(UsageError, match="runqlat"):
        measurement("nonsense")
    with Session(Root(), Clock()) as session:
        assert session.start(["nonsense"])["nonsense"].tier is None


@needs_bpf
def test_one_that_fails_does_not_stop_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, tier: str, scope: Scope, fields: Any = ()) -> Attached:
        if name == "offcpu":
            raise BpfError("the kernel does not take it")
        return Attached(name, tier, scope, fields)

    monkeypatch.setattr("kernward.collectors.measuring.Attached", broken)
    with Session(Root(), Clock()) as session:
        became = session.start(["offcpu", "softirq"])
    assert became["offcpu"].tier is None
    assert became["softirq"].tier == "tp_btf"


# What it costs.


@needs_bpf
def test_the_dearest_is_detached_when_the_budget_is_passed() -> None:
    with Session(Root(), Clock(), max_overhead_percent=0.0001) as session:
        session.start(["syscalls", "oom"])
        ends = time.monotonic() + 0.7
        while time.monotonic() < ends:
            os.getppid()
        # What it counted until then is handed out once.
        assert str(os.getpid()) in session.read()["syscalls"]
        became = {each.name: each for each in session.check_cost()}
        assert "detached" in became["syscalls"].reason
        assert became["syscalls"].cost_percent > 0
        assert "detached" not in became["oom"].reason
        assert set(session.read()) == {"oom"}


@needs_bpf
def test_the_kernel_begins_to_count_before_and_ends_after_any_program_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The kernel rewrites its text where every program passes: none of ours may be running there.
    begun: list[int] = []
    attached_when_ended: list[int] = []

    def attached() -> int:
        return sum(
            os.readlink(f"/proc/self/fd/{fd}").startswith("anon_inode:bpf_link") for fd in _open_files()
        )

    def count() -> int:
        begun.append(attached())
        return count_runs()

    monkeypatch.setattr("kernward.collectors.measuring.count_runs", count)
    close = os.close
    with Session(Root(), Clock()) as session:
        session.start(["oom"])
        session.start(["exec"])
        counting = session._counting

        def closing(fd: int) -> None:
            if fd == counting:
                attached_when_ended.append(attached())
            close(fd)

        assert attached() > 0
        monkeypatch.setattr("os.close", closing)
    assert begun == [0]
    assert attached_when_ended == [0]


def _open_files() -> list[str]:
    return [fd for fd in os.listdir("/proc/self/fd") if os.path.islink(f"/proc/self/fd/{fd}")]


@needs_bpf
def test_what_there_was_no_room_for_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernward.collectors.bpf.attached._FEWEST", 1)
    monkeypatch.setattr("kernward.collectors.bpf.attached._TOTALS_BYTES", 1)
    with Session(Root(), Clock(), tiers=("tp_btf",), max_overhead_percent=1000) as session:
        session.start(["syscalls"])
        for _ in range(3):
            python("pass")
        (became,) = session.check_cost()
    assert became.lost is not None
    assert became.lost > 0


@needs_bpf
def test_nothing_is_left_attached() -> None:
    files = len(os.listdir("/proc/self/fd"))
    with Session(Root(), Clock()) as session:
        session.start(list(measurements()))
        session.read()
    assert len(os.listdir("/proc/self/fd")) == files


@needs_bpf
def test_an_instance_of_one_that_was_killed_is_removed() -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    with tracefs() as folder:
        left_over = f"instances/kernward-oom-{ended.pid}"
        folder.make_folder(left_over)
        try:
            with Session(Root(), Clock(), tiers=("tracefs",)) as session:
                session.start(["oom"])
                assert len([each for each in folder.names("instances") if "kernward-oom" in each]) == 1
            assert not [each for each in folder.names("instances") if "kernward-oom" in each]
        finally:
            folder.remove_folder(left_over)


@needs_bpf
def test_rare_events_can_be_read_as_text() -> None:
    found = measured("exec", ("tracefs",), lambda: python("pass"))
    assert _mine(found).forks >= 1


@needs_bpf
def test_reasons_of_drops_have_the_kernels_names() -> None:
    assert "SKB_DROP_REASON_NO_SOCKET" in btf.enumerators("skb_drop_reason")


@pytest.mark.skipif(bool(_MISSING), reason=_MISSING or "-")
def test_clang_finds_no_fault_with_the_sources_for_another_architecture() -> None:
    found = {
        source.name: build.warnings(source, build.tiers(source)[0], "arm64") for source in build.sources()
    }
    assert {name: said for name, said in found.items() if said} == {}


def test_all_tiers_of_the_sources_are_known() -> None:
    for source in build.sources():
        assert set(build.tiers(source)) <= set(TIERS)
        assert build.tiers(source)
