"""Whatever becomes of a machine, its user hears it in one sentence, in time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from kernward.kernels.kernel import Kernel
from kernward.vm.bed import Bed
from kernward.vm.spec import Spec
from kernward.vm.verdict import ConsoleFlooded, GuestHung, GuestPanicked, MachineLost, NeverBooted


def test_a_panic_while_a_command_runs(bed: Bed, spec: Spec) -> None:
    with bed.restore(spec) as machine:
        began = time.monotonic()
        with pytest.raises(GuestPanicked) as caught:
            machine.sh("echo c >/proc/sysrq-trigger; sleep 60", timeout_s=60)
        assert time.monotonic() - began < 15
        assert caught.value.reason == "sysrq triggered crash"
        assert b"end Kernel panic" in caught.value.console_tail
        assert b"Kernel panic - not syncing: sysrq triggered crash" in machine.console_log.read_bytes()


def test_a_panic_during_boot(bed: Bed, spec: Spec) -> None:
    with pytest.raises(GuestPanicked, match="VFS: Unable to mount root fs"):
        bed.boot(msgspec.structs.replace(spec, initramfs=False, append=("root=/dev/nothing",)))


def test_a_guest_that_hangs(bed: Bed, spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernward.vm.machine.PATIENCE_S", 1.0)
    with bed.restore(spec) as machine:
        job = machine.start(["sleep", "1000"])
        machine.qmp("stop")  # as dead as a guest can be while QEMU lives
        with pytest.raises(GuestHung, match="does not answer"):
            machine.finish(job, timeout_s=0.5)


def test_a_guest_that_floods_its_console(vm_home: Path, spec: Spec, bed: Bed) -> None:
    with Bed(vm_home, console_limit_bytes=200_000) as small, small.restore(spec) as machine:
        with pytest.raises(ConsoleFlooded, match="to its console"):
            machine.sh("yes 'all work and no play' >/dev/ttyS0", timeout_s=60)
        log = machine.console_log.stat().st_size
    assert log < 1_000_000


@pytest.mark.vm_slow
def test_a_gigabyte_on_the_console_is_cut_short(bed: Bed, spec: Spec) -> None:
    with bed.restore(spec) as machine:
        with pytest.raises(ConsoleFlooded):
            machine.sh("head -c 1073741824 /dev/zero | tr '\\0' x >/dev/ttyS0", timeout_s=300)
        assert machine.console_log.stat().st_size < 40 << 20


def test_an_image_that_is_no_kernel_never_boots(bed: Bed, tmp_path: Path) -> None:
    image = tmp_path / "vmlinuz"
    image.write_bytes(os.urandom(1 << 20))
    with pytest.raises(NeverBooted, match="did not boot"):
        bed.boot(Spec(kernel=Kernel(release="none", image=image, origin="image", version=None)), timeout_s=3)


def test_a_kernel_that_stops_before_its_first_process_never_boots(bed: Bed, spec: Spec) -> None:
    silent = msgspec.structs.replace(spec, append=("rdinit=/bin/busybox", "quiet"))
    with pytest.raises((NeverBooted, GuestPanicked)):
        bed.boot(silent, timeout_s=15)


def test_a_kernel_without_the_driver_of_the_channel_says_so_at_once(bed: Bed, spec: Spec) -> None:
    bare = msgspec.structs.replace(spec, kernel=msgspec.structs.replace(spec.kernel, modules=None))
    began = time.monotonic()
    with pytest.raises(NeverBooted, match="no virtio-serial port"):
        bed.boot(bare, timeout_s=100)
    assert time.monotonic() - began < 60


def test_a_guest_that_switches_itself_off(bed: Bed, spec: Spec) -> None:
    with bed.restore(spec) as machine, pytest.raises(MachineLost, match="switched itself off or rebooted"):
        machine.sh("poweroff -f; sleep 60")


OWNER = """
import sys, time
from pathlib import Path
from kernward.kernels import find
from kernward.vm.bed import Bed
from kernward.vm.spec import Spec
home = Path(sys.argv[1])
bed = Bed(home)
spec = Spec(kernel=find.find("6.1", home))
machines = [bed.restore(spec), bed.boot(spec, wait=False)]
print(bed.warden._process.pid, *(m.process.pid for m in machines), *(m.folder for m in machines), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("victim", ["owner", "warden"])
def test_no_machine_outlives_its_owner(vm_home: Path, bed: Bed, spec: Spec, victim: str) -> None:
    bed.restore(spec).close()  # so that the snapshot is there
    owner = subprocess.Popen([sys.executable, "-c", OWNER, vm_home], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        words = owner.stdout.readline().split()
        pids, folders = [int(word) for word in words[:3]], [Path(word) for word in words[3:]]
        assert all(alive(pid) for pid in pids)
        assert all(folder.is_dir() for folder in folders)
        os.kill(owner.pid if victim == "owner" else pids[0], signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not [pid for pid in pids if alive(pid)]
        if victim == "owner":
            deadline = time.monotonic() + 5
            while any(folder.exists() for folder in folders) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert not [folder for folder in folders if folder.exists()]
    finally:
        owner.kill()
        owner.wait()
        assert owner.stdout is not None
        owner.stdout.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
