"""A restored machine is the one that was saved, and yet like no other."""

import time
from pathlib import Path

import msgspec
import pytest

from kernward.kernels.kernel import Kernel
from kernward.records.errors import UsageError
from kernward.vm import sharing
from kernward.vm.bed import Bed
from kernward.vm.spec import Disk, File, Nic, Share, Spec
from tests.vm.conftest import kernel_of


def test_each_kernel_boots_and_restores(bed: Bed, each_kernel: Kernel) -> None:
    spec = Spec(kernel=each_kernel)
    with bed.boot(spec) as cold, bed.restore(spec) as restored:
        for machine in (cold, restored):
            assert machine.release == each_kernel.release or machine is restored
            assert machine.run(["uname", "-r"]).stdout.decode().strip() == each_kernel.release


def test_restored_machines_differ_in_randomness_and_tell_the_time(bed: Bed, spec: Spec) -> None:
    seen = set()
    for _ in range(3):
        with bed.restore(spec) as machine:
            seen.add(machine.run(["head", "-c", "16", "/dev/urandom"]).stdout)
            clock = float(machine.run(["date", "+%s"]).stdout)
            assert abs(clock - time.time()) < 3
    assert len(seen) == 3


def test_what_one_restored_machine_writes_no_other_sees(bed: Bed, spec: Spec) -> None:
    with_disk = msgspec.structs.replace(spec, disks=(Disk(name="data", size_mb=8),))
    with bed.restore(with_disk) as one:
        assert one.sh("echo mine >/tmp/file; printf mine | dd of=/dev/vda conv=notrunc; sync").status == 0
        with bed.restore(with_disk) as other:
            assert other.sh("test -e /tmp/file").status == 1
            assert other.sh("head -c 4 /dev/vda").stdout == bytes(4)
        assert one.sh("head -c 4 /dev/vda").stdout == b"mine"


def test_a_disk_shows_its_image_and_never_writes_to_it(bed: Bed, spec: Spec, tmp_path: Path) -> None:
    image = tmp_path / "image,with comma"
    image.write_bytes(b"original".ljust(1 << 20, b"\0"))
    with_disk = msgspec.structs.replace(spec, disks=(Disk(name="data", image=image),))
    with bed.boot(with_disk) as machine:
        assert machine.sh("head -c 8 /dev/vda; printf changed! | dd of=/dev/vda; sync").stdout == b"original"
    assert image.read_bytes()[:8] == b"original"


def test_the_payload_and_the_command_line_are_what_was_asked_for(bed: Bed, spec: Spec) -> None:
    wanted = msgspec.structs.replace(
        spec,
        files=(File("/etc/some/file", b"text", 0o640),),
        append=("kernward_test=1",),
        modules=("dummy numdummies=3",),
        smp=2,
        memory_mb=320,
    )
    with bed.restore(wanted) as machine:
        assert machine.get("/etc/some/file") == b"text"
        words = machine.get("/proc/cmdline").split()
        assert b"kernward_test=1" in words
        # Of a busy host's late timer a kernel with two processors would panic as it boots.
        assert b"no_timer_check" in words
        assert machine.sh("ls -d /sys/class/net/dummy* | wc -l").stdout == b"3\n"
        assert machine.run(["nproc"]).stdout == b"2\n"
        assert 250_000 < int(machine.sh("awk '/MemTotal/ {print $2}' /proc/meminfo").stdout) < 327_680


@pytest.mark.parametrize(
    ("version", "there"), [(1, "/sys/fs/cgroup/memory/tasks"), (2, "/sys/fs/cgroup/cgroup.procs")]
)
def test_both_versions_of_control_groups(bed: Bed, spec: Spec, version: int, there: str) -> None:
    with bed.restore(msgspec.structs.replace(spec, cgroup=version)) as machine:
        assert machine.run(["test", "-e", there]).status == 0


def test_machines_on_one_segment_talk(bed: Bed, spec: Spec) -> None:
    wired = msgspec.structs.replace(spec, nics=(Nic(network="test wire"),))
    with bed.restore(wired, name="one") as one, bed.restore(wired, name="two") as two:
        for number, machine in ((1, one), (2, two)):
            done = machine.sh(
                f"ip link set eth0 address 02:00:00:00:00:0{number} && ip addr add 10.9.0.{number}/24 dev eth0 && "
                "ip link set eth0 up"
            )
            assert done.status == 0, done.stderr
        assert one.sh("ping -c 3 -W 3 10.9.0.2", timeout_s=30).status == 0


def test_what_cannot_be_restored_says_why(bed: Bed, spec: Spec, tmp_path: Path) -> None:
    shared = msgspec.structs.replace(spec, shares=(Share(tmp_path, "/host"),))
    with pytest.raises(UsageError, match="QEMU cannot save a folder that is shared"):
        bed.restore(shared)


@pytest.mark.parametrize("wanted", ["6.1-cloud", pytest.param("6.1-amd64", marks=pytest.mark.vm_slow)])
def test_a_shared_folder_is_read_and_cannot_be_written(
    bed: Bed, vm_home: Path, tmp_path: Path, wanted: str
) -> None:
    (tmp_path / "file").write_bytes(b"of the host")
    spec = Spec(kernel=kernel_of(wanted, vm_home), shares=(Share(tmp_path, "/a/place"),))
    try:
        sharing.method(spec.kernel)
    except UsageError as reason:
        pytest.skip(str(reason))
    with bed.boot(spec) as machine:
        assert machine.get("/a/place/file") == b"of the host"
        done = machine.sh("mount -o remount,rw /a/place; echo changed >/a/place/file; echo new >/a/place/new")
        assert done.status != 0
    assert (tmp_path / "file").read_bytes() == b"of the host"
    assert not (tmp_path / "new").exists()
