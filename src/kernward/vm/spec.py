"""What a machine is: the kernel, the root, the devices. A frozen value; its digest names the snapshot.

Nothing here touches the disk but `digest`, which asks for the size and time of the files it names.
"""

from pathlib import Path
from typing import Literal

import msgspec

from kernward.kernels.kernel import Kernel

Interface = Literal["virtio", "sata", "nvme", "usb"]


class File(msgspec.Struct, frozen=True):
    """A file of the payload. A symbolic link when `target` is set."""

    path: str
    data: bytes = b""
    mode: int = 0o644
    target: str | None = None


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk: a copy-on-write view of `image`, or an empty one of `size_mb`.

    `options` are further properties of its QEMU drive, such as `("throttling.bps-total=4096",)` or what
    blkdebug injects. `shared` is for an image that must be written in place.
    """

    name: str
    image: Path | None = None
    size_mb: int = 64
    interface: Interface = "virtio"
    options: tuple[str, ...] = ()
    shared: bool = False


class Nic(msgspec.Struct, frozen=True, kw_only=True):
    """A virtio network card.

    Network "user" reaches this host as 10.0.2.2 and nothing else; any other name is a segment that the
    machines of one bed share.
    """

    network: str = "user"
    mac: str | None = None
    model: str = "virtio-net-pci"


class Share(msgspec.Struct, frozen=True):
    """A folder of the host that the guest sees read-only; its kernel needs 9p over virtio."""

    folder: Path
    mount_point: str


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine is.

    `modules` are loaded, with what they depend on, before the first command; each is a name that may be
    followed by parameters. `programs` are Debian's, put in with their libraries. `append` is added to
    the kernel's command line. `devices` are further arguments for QEMU. `clock` is what the hardware clock
    shows at boot (2026-11-18T03:12:00, UTC), the host's time without it.
    """

    kernel: Kernel
    smp: int = 1
    memory_mb: int = 256
    append: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    programs: tuple[str, ...] = ()
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...] = ()
    shares: tuple[Share, ...] = ()
    cgroup: Literal[1, 2] = 2
    machine: Literal["pc", "q35"] = "pc"
    root: Path | None = None
    devices: tuple[str, ...] = ()
    clock: str | None = None
    firmware_on_console: bool = False
    # Without an initramfs the kernel has to find a root of its own, or to panic.
    initramfs: bool = True
    reboots: bool = False

    # A machine with a boot loader takes its kernel from its disk; `kernel` then only says what to expect.
    kernel_is_given: bool = True

    def digest(self, *more: str) -> str:
        """A name for all that decides how this machine comes up: 24 hexadecimal digits."""
        from hashlib import sha256

        def plain(value: object) -> object:
            if isinstance(value, Path):
                try:
                    state = value.stat()
                except OSError:
                    return [str(value)]
                return [str(value), state.st_size, state.st_mtime_ns]
            raise NotImplementedError(type(value))

        written = msgspec.json.encode([self, list(more)], enc_hook=plain, order="deterministic")
        return sha256(written).hexdigest()[:24]
