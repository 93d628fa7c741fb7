"""Installed machines: the bytes that GRUB boots from, and machines that choose and change their kernels."""

import re
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError, UsageError
from kernward.vm import grub, installed_image
from kernward.vm.bed import Bed
from kernward.vm.channel import HEAD, HELLO, OUT, Channel
from kernward.vm.installed import InstalledMachine
from kernward.vm.installed_image import Installation

from .conftest import kernel_of

GUEST_FILES = Path(installed_image.__file__).parent / "guest" / "installed"

# ---- the boot loader, as bytes ----


def test_the_boot_sector_starts_the_core_image_and_names_one_partition() -> None:
    boot = bytes(range(256)) * 2
    sector = grub.boot_sector(boot, 3 << 11)
    assert len(sector) == 512
    assert sector[:0x5C] == boot[:0x5C]
    assert struct.unpack_from("<Q", sector, 0x5C) == (1,)
    assert sector[0x66:0x68] == b"\x90\x90"
    active, kind, start, count = struct.unpack_from("<B3xB3xII", sector, 446)
    assert (active, kind, start, count) == (0x80, 0x83, 2048, 3 << 11)
    assert sector[462:510] == bytes(48)
    assert sector[510:] == b"\x55\xaa"


def core(size: int) -> bytes:
    image = bytearray(size)
    struct.pack_into("<QHH", image, 500, 0, 0, 0x820)
    return bytes(image)


@pytest.mark.parametrize("size", [513, 1024, 1025, 181253])
def test_the_block_list_names_what_follows_the_first_sector(size: int) -> None:
    written = grub.core_image(core(size))
    assert len(written) % 512 == 0
    start, count, segment = struct.unpack_from("<QHH", written, 500)
    # The first sector of the core image is sector 1 of the disk.
    assert (start, segment) == (2, 0x820)
    assert 512 * (1 + count) == len(written)
    assert size <= len(written) < size + 512


def test_what_is_no_core_image_is_refused() -> None:
    with pytest.raises(InputError, match="block list"):
        grub.core_image(bytes(4096))
    with pytest.raises(InputError, match="boot.img has 3 bytes"):
        grub.boot_sector(b"abc", 1)


def test_the_environment_is_read_as_it_is_written() -> None:
    values = {"saved_entry": "linux-6.1.0-56-cloud-amd64", "next_entry": "", "with": "a=b"}
    block = grub.environment_block(values)
    assert len(block) == 1024
    assert block.startswith(b"# GRUB Environment Block\n")
    assert block.endswith(b"#")
    assert grub.environment(block) == values
    with pytest.raises(InputError, match="1024 bytes"):
        grub.environment_block({"long": "x" * 1024})
    with pytest.raises(InputError, match="not an environment block"):
        grub.environment(b"\0" * 1024)


def test_the_start_of_a_disk_fills_the_gap_before_the_partition(tmp_path: Path) -> None:
    if grub.missing():
        pytest.skip("GRUB is not installed here (Debian: grub-common, grub-pc-bin)")
    start = grub.disk_start(tmp_path, 100)
    assert len(start) == 2048 * 512
    assert struct.unpack_from("<II", start, 454) == (2048, 100 * 2048)
    first, count, segment = struct.unpack_from("<QHH", start, 512 + 500)
    assert (first, segment) == (2, 0x820)
    # All that the list names is there, and nothing behind it.
    assert any(start[512 * (1 + count) : 512 * (2 + count)])
    assert not any(start[512 * (2 + count) :])


# ---- what is put into the guest ----


def test_scripts_of_the_guest_are_scripts() -> None:
    scripts = [path for path in GUEST_FILES.iterdir() if path.read_bytes().startswith(b"#!/")]
    assert len(scripts) == 7
    for path in scripts:
        assert path.stat().st_mode & 0o100, f"{path.name} must be executable"
        subprocess.run(["sh", "-n", path], check=True)


def test_grub_takes_its_configuration() -> None:
    if shutil.which("grub-script-check") is None:
        pytest.skip("grub-script-check is not installed here (Debian: grub-common)")
    subprocess.run(["grub-script-check", GUEST_FILES / "grub.cfg"], check=True)


# ---- requests ----


@pytest.fixture
def small_kernel(tmp_path: Path) -> Kernel:
    image = tmp_path / "bzImage"
    image.write_bytes(b"no kernel")
    return Kernel(release="6.1.0-test", image=image, origin="image", version=None)


def test_a_machine_needs_kernels_of_different_releases(tmp_path: Path, small_kernel: Kernel) -> None:
    for kernels in ((), (small_kernel, small_kernel)):
        with pytest.raises(UsageError, match="each of another release"):
            installed_image.disk_of(Installation(kernels=kernels), tmp_path)


def test_a_release_must_be_fit_for_a_name(tmp_path: Path, small_kernel: Kernel) -> None:
    for release in ("../6.1", "6.1 quiet", "6.1;reboot", ""):
        strange = msgspec.structs.replace(small_kernel, release=release)
        with pytest.raises(UsageError, match="not a kernel's release"):
            installed_image.disk_of(Installation(kernels=(strange,)), tmp_path)


def test_a_host_must_have_a_name(tmp_path: Path, small_kernel: Kernel) -> None:
    with Bed(tmp_path) as bed:
        for name in ("web 1", "", "a,b", "a\nb"):
            with pytest.raises(UsageError, match="not the name of a host"):
                InstalledMachine(bed, [small_kernel], name=name)


def test_memory_must_hold_a_crash_kernel(tmp_path: Path, small_kernel: Kernel) -> None:
    with Bed(tmp_path) as bed, pytest.raises(UsageError, match="needs 384 MB"):
        InstalledMachine(bed, [small_kernel], memory_mb=256)


def test_a_name_never_starts_with_a_digit() -> None:
    # GRUB takes "6.12" for entry number 6 (grub-core/normal/menu.c).
    assert not installed_image.entry("6.12.1")[0].isdigit()


# ---- the channel across a reset ----


def test_a_frame_that_a_reset_has_cut_does_not_swallow_the_next_hello() -> None:
    ours, guests = socket.socketpair()
    channel = Channel(ours)
    try:
        guests.sendall(HEAD.pack(OUT, 1, 60000) + bytes(1000))
        time.sleep(0.1)
        channel.forget_partial()
        guests.sendall(HEAD.pack(HELLO, 0, 9) + b"6.1\nv\nid2")
        assert channel.greeted.wait(5)
        assert channel.hello is not None
        assert channel.hello.boot_id == "id2"
    finally:
        channel.close()
        guests.close()


# ---- machines ----


def damaged(kernel: Kernel, folder: Path, name: str) -> Kernel:
    """A kernel that cannot boot: its image is damaged behind the header, or in it."""
    data = bytearray(kernel.image.read_bytes())
    if name == "torn":
        data[len(data) // 4 : len(data) * 3 // 4] = bytes(len(data) * 3 // 4 - len(data) // 4)
    else:
        data[:1024] = bytes(1024)
    image = folder / name
    image.write_bytes(data)
    return msgspec.structs.replace(kernel, release=f"{kernel.release}-{name}", image=image, modules=None)


@pytest.fixture(scope="module")
def host(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledMachine]:
    """A machine with Debian's kernels of both series, and three that do not come up.

    One is no kernel at all, one has no driver for its disk and panics, one stops while it unpacks itself.
    """
    folder = tmp_path_factory.mktemp("kernels")
    good, newer = kernel_of("6.1", bed.home), kernel_of("6.12", bed.home)
    without_drivers = msgspec.structs.replace(good, release=f"{good.release}-bare", modules=None)
    kernels = [good, newer, without_drivers, damaged(good, folder, "blank"), damaged(good, folder, "torn")]
    with InstalledMachine(bed, kernels, name="web-1") as machine:
        yield machine


@pytest.mark.vm_slow
def test_the_guest_chooses_its_kernel(host: InstalledMachine) -> None:
    good, newer = (kernel.release for kernel in host.installation.kernels[:2])
    process = host.machine.process.pid
    assert host.boot.release == host.running_release() == host.default() == host.last_good() == good
    assert host.run(["hostname"]).stdout == b"web-1\n"

    host.boot_once(newer)
    assert host.next_release() == newer
    assert host.default() == good
    boot = host.reboot()
    assert (boot.release, boot.asked, boot.fell_back) == (newer, newer, False)
    assert host.running_release() == newer

    # Once is once.
    assert host.reboot().release == good
    host.set_default(newer)
    assert host.reboot().release == newer
    assert host.last_good() == newer
    host.set_default(good)
    assert host.reboot().release == good
    assert host.machine.process.pid == process, "it restarts within the same QEMU"
    assert host.sh("touch /root/written && sync").status == 0
    with pytest.raises(UsageError, match="has no kernel 9.9"):
        host.boot_once("9.9")


@pytest.mark.vm_slow
@pytest.mark.parametrize(
    ("number", "once", "said"),
    [
        (3, True, "invalid magic number"),
        (2, True, "Attempted to kill init"),
        (2, False, "Attempted to kill init"),
    ],
    ids=["no kernel", "no driver for the disk", "no driver, and the default"],
)
def test_a_kernel_that_fails_falls_back_to_the_last_good_one(
    host: InstalledMachine, number: int, once: bool, said: str
) -> None:
    good, bad = host.installation.kernels[0].release, host.installation.kernels[number].release
    since = host.machine.console_mark()
    if once:
        host.boot_once(bad)
    else:
        host.set_default(bad)
    boot = host.reboot()
    assert (boot.release, boot.asked, boot.fell_back, boot.power_cycled) == (good, bad, True, False)
    assert host.machine.wait_console(said, 0, since)
    assert host.sh("true").status == 0
    host.set_default(good)
    assert host.next_release() == good


@pytest.mark.vm_slow
def test_a_kernel_that_hangs_is_ended_by_the_reset_button(host: InstalledMachine) -> None:
    good, bad = host.installation.kernels[0].release, host.installation.kernels[4].release
    host.boot_once(bad)
    since = host.machine.console_mark()
    boot = host.reboot(timeout_s=45)
    assert (boot.release, boot.asked, boot.power_cycled) == (good, bad, True)
    assert host.machine.wait_console(f"Booting `{bad}'", 0, since)


@pytest.mark.vm_slow
def test_a_kernel_is_installed_and_removed_while_the_machine_runs(
    host: InstalledMachine, tmp_path: Path
) -> None:
    good, newer = host.installation.kernels[:2]
    rebuilt = msgspec.structs.replace(newer, release=f"{newer.release}-rebuilt", modules=None)
    host.install(rebuilt)
    assert rebuilt.release in host.releases()
    host.boot_once(rebuilt.release)
    boot = host.reboot()
    # It has no module for its disk, so it does not come up; but GRUB found it.
    assert (boot.asked, boot.release) == (rebuilt.release, good.release)
    assert f"Booting `{rebuilt.release}'".encode() in host.machine.console()
    host.remove(rebuilt.release)
    assert rebuilt.release not in host.releases()
    with pytest.raises(UsageError, match="not removed"):
        host.remove(good.release)


@pytest.mark.vm_slow
@pytest.mark.parametrize("number", [0, 1], ids=["6.1", "6.12"])
def test_a_panic_leaves_a_dump_and_the_machine_comes_back(
    host: InstalledMachine, number: int, tmp_path: Path
) -> None:
    drgn = pytest.importorskip("drgn", reason="drgn is not installed (pip: kernward[cores])")
    crashing = host.installation.kernels[number].release
    if host.boot.release != crashing:
        host.boot_once(crashing)
        assert host.reboot().release == crashing
    assert host.crash_kernel_loaded()
    before = host.dumps()
    boot = host.panic()
    assert boot.release == host.default()
    assert not boot.power_cycled
    assert len(host.dumps()) == len(before) + 1
    dump = host.fetch_dump(tmp_path / "crash")
    assert dump.name == host.dumps()[-1]
    assert dump.vmcore is not None
    assert dump.dmesg is not None
    assert b"Kernel panic - not syncing: sysrq triggered crash" in dump.dmesg.read_bytes()
    assert 1 << 20 < dump.size_bytes < 200 << 20
    program = drgn.Program()
    program.set_core_dump(dump.vmcore)
    assert program["UTS_RELEASE"].string_().decode() == crashing
    about = program["VMCOREINFO"].string_().decode()
    assert f"OSRELEASE={crashing}\n" in about
    # The kernel's memory is there: struct new_utsname holds the release behind two fields of 65 bytes.
    (address,) = re.findall(r"^SYMBOL\(init_uts_ns\)=(\w+)$", about, re.MULTILINE)
    (offset,) = re.findall(r"^OFFSET\(uts_namespace.name\)=(\d+)$", about, re.MULTILINE)
    held = program.read(int(address, 16) + int(offset) + 130, 65)
    assert held.rstrip(b"\0").decode() == crashing


@pytest.mark.vm_slow
def test_a_machine_starts_from_a_clean_disk(bed: Bed, host: InstalledMachine) -> None:
    with InstalledMachine(bed, host.installation.kernels, name="web-2") as other:
        assert other.run(["hostname"]).stdout == b"web-2\n"
        assert other.dumps() == ()
        assert other.sh("ls /root/written").status != 0
