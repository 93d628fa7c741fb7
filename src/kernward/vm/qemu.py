"""From a Spec to QEMU's command line.

The console, the agent's channel and the monitor are descriptors that the owner hands over ("%fd0%" and so
on, which the warden replaces): there are no sockets in the file system that another process could open.
"""

from collections.abc import Sequence
from pathlib import Path

from kernward.records.errors import UsageError
from kernward.vm.acceleration import QEMU
from kernward.vm.spec import Disk, Share, Spec

CONSOLE, CHANNEL, MONITOR, INCOMING = range(4)
# The same instructions with and without KVM: what both can offer, with what a kernel of today expects.
CPU = "Nehalem,+rdrand,+smep,+smap"
# timer_irq_works() in arch/x86/kernel/apic/io_apic.c waits for ten ticks by the processor's own counter, which
# goes on while a busy host lets the emulated timer wait: the kernel then panics for want of a timer. Under
# KVM the kernel leaves this test out by itself (kvm_guest_init() in arch/x86/kernel/kvm.c).
NO_TIMER_CHECK = "no_timer_check"


def arguments(
    spec: Spec,
    *,
    accelerator: str,
    initramfs: Path | None,
    memory: Sequence[str] = (),
    disks: Sequence[str] = (),
    segments: Sequence[str] = (),
    shares: Sequence[str] = (),
    incoming: bool = False,
) -> list[str]:
    """QEMU's command line for a machine.

    `memory` is the memory backend if it is to be a file; `disks` the drives, made by `drive`; `segments`
    one netdev backend for each card of the spec; `shares` what `nine_p` or a server of folders gave.
    """
    graphics = ",graphics=off" if spec.firmware_on_console else ""
    backend = ",memory-backend=mem" if memory else ""
    result = [
        QEMU, "-accel", accelerator, "-machine", spec.machine + graphics + backend, "-cpu", CPU,
        "-smp", str(spec.smp), "-m", f"{spec.memory_mb}M", *memory,
        "-nodefaults", "-no-user-config", "-display", "none", "-vga", "none",
        "-action", "panic=none" + ("" if spec.reboots else ",reboot=shutdown"),
        "-chardev", f"socket,id=console,fd=%fd{CONSOLE}%", "-serial", "chardev:console",
        "-chardev", f"socket,id=agent,fd=%fd{CHANNEL}%",
        "-device", "virtio-serial-pci,id=channels,max_ports=2",
        "-device", "virtserialport,bus=channels.0,chardev=agent,name=kernward",
        "-chardev", f"socket,id=qmp,fd=%fd{MONITOR}%", "-mon", "chardev=qmp,mode=control",
        "-device", "pvpanic-pci", "-device", "vmcoreinfo",
    ]  # fmt: skip
    if spec.clock is not None:
        result += ["-rtc", f"base={spec.clock},clock=vm"]
    if spec.kernel_is_given:
        result += ["-kernel", str(spec.kernel.image), "-append", command_line(spec)]
        if initramfs is not None:
            result += ["-initrd", str(initramfs)]
    result += disks
    for number, (nic, segment) in enumerate(zip(spec.nics, segments, strict=True)):
        mac = nic.mac or f"52:54:00:6b:77:{number:02x}"
        result += ["-netdev", f"{segment},id=net{number}"]
        result += ["-device", f"{nic.model},id=nic{number},netdev=net{number},mac={mac},romfile="]
    result += shares
    result += spec.devices
    if incoming:
        result += ["-incoming", "defer"]
    return result


def command_line(spec: Spec) -> str:
    """The kernel's command line."""
    words = ["console=ttyS0,115200", NO_TIMER_CHECK, f"kernward.cgroup={spec.cgroup}"]
    if not any(word.startswith("panic=") for word in spec.append):
        words.append("panic=1" if spec.reboots else "panic=0")
    if spec.cgroup == 1:
        words.append("systemd.unified_cgroup_hierarchy=0")
    if spec.root is not None:
        words.append("kernward.root=/dev/vda")
    return " ".join([*words, *spec.append])


def memory_file(path: Path, size_mb: int, *, shared: bool) -> list[str]:
    """Guest memory in a file: written to it when `shared`, else a private copy-on-write view of it."""
    share = "on" if shared else "off"
    return [
        "-object",
        f"memory-backend-file,id=mem,size={size_mb}M,mem-path={escaped(path)},share={share}",
    ]


def shared_memory(size_mb: int) -> list[str]:
    """Guest memory that the server of a folder can reach, too."""
    return ["-object", f"memory-backend-memfd,id=mem,size={size_mb}M,share=on"]


def nine_p(shares: Sequence[Share]) -> list[str]:
    """Folders that QEMU itself serves, read-only."""
    result = []
    for number, share in enumerate(shares):
        place = f"local,path={escaped(share.folder)},mount_tag=share{number}"
        result += ["-virtfs", f"{place},security_model=none,readonly=on"]
    return result


def drive(disk: Disk, place: int, file: Path, form: str, *, snapshot: bool) -> list[str]:
    """A disk as QEMU sees it: its file, and the device that the guest sees."""
    options = ",".join([f"if=none,id={disk.name},format={form},file={escaped(file)}", *disk.options])
    if snapshot:
        options += ",snapshot=on"
    devices = {
        "virtio": f"virtio-blk-pci,drive={disk.name},serial={disk.name}",
        "sata": f"ide-hd,bus=ahci.{place},drive={disk.name},serial={disk.name}",
        "nvme": f"nvme,drive={disk.name},serial={disk.name}",
        "usb": f"usb-storage,bus=xhci.0,drive={disk.name}",
    }
    return ["-drive", options, "-device", devices[disk.interface]]


def controllers(disks: Sequence[Disk]) -> list[str]:
    """The controllers that these disks hang on, where a machine does not have them of itself."""
    kinds = {disk.interface for disk in disks}
    result = []
    if "sata" in kinds:
        result += ["-device", "ich9-ahci,id=ahci"]
    if "usb" in kinds:
        result += ["-device", "qemu-xhci,id=xhci"]
    return result


def escaped(path: Path) -> str:
    """A path inside one of QEMU's comma-separated options."""
    text = str(path)
    if "\n" in text:
        raise UsageError(f"QEMU cannot take a path with a line break: {path}")
    return text.replace(",", ",,")
