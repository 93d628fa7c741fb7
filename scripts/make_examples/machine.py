"""One boot of a guest under QEMU, without hardware virtualisation, and what it printed."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Boot:
    """How to start the guest. `disks` are raw images, the first of them /dev/vda."""

    image: Path
    initramfs: Path
    append: str
    console: Path
    clock: str  # what the guest's hardware clock shows: 2026-11-18T03:12:00, UTC
    disks: list[Path] = field(default_factory=list)
    memory_mb: int = 512
    bios_on_serial: bool = False
    machine: tuple[str, ...] = ("-M", "pc", "-nic", "none")
    timeout_s: int = 120


def run(boot: Boot) -> bool:
    """Run the guest until it powers off or resets; False when the time was up first."""
    machine = list(boot.machine)
    if boot.bios_on_serial:
        machine[1] += ",graphics=off"
    command = [
        "qemu-system-x86_64", "-accel", "tcg", *machine, "-smp", "1", "-m", str(boot.memory_mb),
        "-display", "none", "-monitor", "none", "-no-reboot",
        "-rtc", f"base={boot.clock},clock=vm",
        "-serial", f"file:{boot.console}",
        "-kernel", str(boot.image), "-initrd", str(boot.initramfs), "-append", boot.append,
    ]  # fmt: skip
    for number, disk in enumerate(boot.disks):
        command += ["-drive", f"file={disk},format=raw,if=none,id=d{number}"]
        command += ["-device", f"virtio-blk-pci,drive=d{number}"]
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        guest.wait(boot.timeout_s)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        if guest.poll() is None:
            guest.kill()
            guest.wait()
