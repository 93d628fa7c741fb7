"""One boot of a guest under QEMU, without hardware virtualisation, and what it printed."""

import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

BAD_SECTOR = 12345


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
    hardware: bool = False
    restarts: bool = False  # else a reset ends the run
    bad_sector: bool = False
    # Commands for QEMU's monitor; one is given each time the guest writes a line to its second
    # serial port.
    monitor: tuple[str, ...] = ()
    # Where the guest's netconsole sends to: a UDP socket of this machine, reached as 10.0.2.2.
    netconsole: socket.socket | None = None
    timeout_s: int = 120


def run(boot: Boot) -> tuple[bool, bytes]:
    """Run the guest until it powers off or resets; whether it did, and what netconsole received."""
    graphics = ",graphics=off" if boot.bios_on_serial else ""
    command = [
        "qemu-system-x86_64", "-accel", "tcg", "-M", ("q35" if boot.hardware else "pc") + graphics,
        "-smp", "1", "-m", str(boot.memory_mb), "-display", "none",
        "-rtc", f"base={boot.clock},clock=vm",
        "-kernel", str(boot.image), "-initrd", str(boot.initramfs), "-append", boot.append,
        "-serial", f"file:{boot.console}",
    ]  # fmt: skip
    if not boot.restarts:
        command.append("-no-reboot")
    for number, disk in enumerate(boot.disks):
        command += ["-drive", f"file={disk},format=raw,if=none,id=d{number}"]
        command += ["-device", f"virtio-blk-pci,drive=d{number}"]
    network = "user,model=virtio-net-pci" if boot.netconsole else "none"
    command += hardware(boot) if boot.hardware else ["-nic", network]
    signals, control = boot.console.with_suffix(".signals"), boot.console.with_suffix(".monitor")
    command += ["-serial", f"file:{signals}", "-monitor", f"unix:{control},server=on,wait=off"]
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + boot.timeout_s
    waiting = list(boot.monitor)
    received = b""
    try:
        while guest.poll() is None:
            if time.monotonic() > deadline:
                return False, received
            received += datagrams(boot.netconsole)
            given = len(boot.monitor) - len(waiting)
            if waiting and signals.exists() and signals.read_bytes().count(b"\n") > given:
                tell(control, waiting.pop(0))
            time.sleep(0.05)
        return True, received + datagrams(boot.netconsole)
    finally:
        if guest.poll() is None:
            guest.kill()
        guest.wait()


def datagrams(receiver: socket.socket | None) -> bytes:
    """What has arrived, one datagram after the other, as a plain receiver would write it to a file."""
    found = b""
    while receiver is not None:
        try:
            found += receiver.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            break
    return found


def hardware(boot: Boot) -> list[str]:
    """What a rack server has and a cloud instance has not: SATA, NVMe, a wired card, USB, PCIe ports."""
    arguments = [
        "-nodefaults", "-vga", "std", "-device", "pcie-root-port,id=port0,chassis=1",
        "-netdev", "user,id=net0,restrict=on", "-device", "e1000e,id=nic0,bus=port0,netdev=net0",
        "-device", "pcie-root-port,id=port1,chassis=2", "-device", "qemu-xhci,id=xhci,bus=port1",
        "-device", "usb-kbd,bus=xhci.0", "-device", "usb-mouse,bus=xhci.0", "-device", "virtio-rng-pci",
        "-device", "i6300esb",
    ]  # fmt: skip
    kinds = (
        ("sata", "ide-hd,bus=ide.0"),
        ("nvme", "nvme,serial=S4EV-0001"),
        ("usb", "usb-storage,bus=xhci.0"),
    )
    for name, device in kinds:
        disk = boot.console.with_suffix("." + name)
        with open(disk, "wb") as file:
            file.truncate(16 << 20)
        drive = f"if=none,id={name},format=raw,file.driver=file,file.filename={disk}"
        if boot.bad_sector and name != "usb":
            drive = (
                f"if=none,id={name},format=raw,file.driver=blkdebug,file.image.driver=file,"
                f"file.image.filename={disk},file.inject-error.0.event=none,"
                f"file.inject-error.0.iotype=read,file.inject-error.0.errno=5,"
                f"file.inject-error.0.sector={BAD_SECTOR}"
            )
        arguments += ["-drive", drive, "-device", f"{device},drive={name}"]
    return arguments


def tell(control: Path, command: str) -> None:
    """Give QEMU's monitor one command and wait until it has taken it."""
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(str(control))
        monitor.settimeout(5)
        said = b""
        while b"(qemu) " not in said:
            said += monitor.recv(4096)
        monitor.sendall(command.encode() + b"\n")
        said = b""
        while b"(qemu) " not in said:
            said += monitor.recv(4096)
