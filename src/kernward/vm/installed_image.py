"""The disk of an installed machine: Debian, GRUB, kernels with their modules, kdump; made once for each request.

guest/installed/ holds what is put into it: GRUB's configuration, which lists the kernels that are in
/boot, an inittab, and the scripts that it names. Nothing is mounted and no network is used once Debian's
packages are in the cache. The disk is kept under `home`/vm/installed; machines write to views of it.
"""

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kernward.kernels import modules
from kernward.kernels.kernel import Kernel
from kernward.kernels.lock import locked
from kernward.records.errors import InputError, UsageError
from kernward.vm import grub, programs, root_image
from kernward.vm.cpio import Archive
from kernward.vm.qemu import NO_TIMER_CHECK
from kernward.vm.spec import File

# Each takes half a gigabyte.
DISKS_KEPT = 12
_FILES = Path(__file__).parent / "guest" / "installed"
_SCRIPTS = ("start", "stop", "confirm-boot", "load-crash-kernel", "save-dump", "settle")
# sysvinit, because its boot costs a second without hardware virtualisation where systemd's costs ten.
_PACKAGES = (
    "sysvinit-core", "kmod", "e2fsprogs", "procps", "iproute2", "grub2-common", "kexec-tools", "makedumpfile",
)  # fmt: skip
# What the initramfs needs to get to the root, and what the guest loads when it is there; a kernel may
# have any of these built in.
_ROOT_MODULES = ("virtio_pci", "virtio_blk", "ext4", "crc32c_generic")
_GUEST_MODULES = ("virtio_console", "qemu_fw_cfg", "pvpanic_pci", "virtio_net")
_DISK = "/dev/vda1"
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]*")


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What is installed. The first of `kernels` is the default.

    `packages` are Debian's, beyond those that every such machine has. `append` goes onto the kernels'
    command line. `crash_memory_mb` is set aside for the crash kernel; without it (0) there is no kdump.
    A kernel that panics restarts the machine after `panic_s`.
    """

    kernels: tuple[Kernel, ...]
    suite: str = "bookworm"
    packages: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    append: tuple[str, ...] = ()
    crash_memory_mb: int = 128
    panic_s: int = 1
    size_mb: int = 1536


def disk_of(wanted: Installation, home: Path) -> Path:
    """The raw image of this installation, made when it is not there yet; it must not be written to.

    Raises UsageError for a request that makes no sense, InputError when a part cannot be had.
    """
    releases = [kernel.release for kernel in wanted.kernels]
    for release in releases:
        if not _RELEASE.fullmatch(release):
            raise UsageError(f"{release!r} is not a kernel's release: it names files and an entry of GRUB")
    if not releases or len(set(releases)) < len(releases):
        raise UsageError(
            f"an installed machine has one or more kernels, each of another release; these are {', '.join(releases) or 'none'}"
        )
    debian = root_image.debian(home, suite=wanted.suite, packages=(*_PACKAGES, *wanted.packages))
    content = hashlib.sha256()
    for file in _content(wanted, home):
        content.update(f"{file.path}\0{file.mode:o}\0{len(file.data)}\0".encode())
        content.update(file.data)
    name = root_image.digest(debian.name, str(wanted.size_mb), content.hexdigest())
    made = home / "vm/installed" / f"{name}.img"
    with locked(made.with_suffix(".lock")):
        if not made.exists():
            with root_image.workplace(made) as work:
                added = work / "added.tar"
                with tarfile.open(added, "w") as archive:
                    for file in _content(wanted, home):
                        _add(archive, file)
                root_image.file_system(
                    made,
                    work=work,
                    size_mb=wanted.size_mb,
                    home=home,
                    archives=[debian, added],
                    first=grub.disk_start(home, wanted.size_mb),
                    # The guest's own: it is of the release that will read the result.
                    then=[
                        f"chroot . /sbin/depmod {kernel.release}"
                        for kernel in wanted.kernels
                        if kernel.modules is not None
                    ],
                )
                _prune(made)
        os.utime(made)
    return made


def packed(kernel: Kernel, home: Path) -> bytes:
    """A tar archive of all that belongs to a kernel, to be unpacked at the root."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for file in _kernel(kernel, home):
            _add(archive, file)
    return data.getvalue()


def initramfs(kernel: Kernel, home: Path) -> bytes:
    """What gets this kernel to the root on the disk: busybox, a few modules, guest/installed/initramfs-init."""
    archive = Archive()
    archive.device("/dev/console", 5, 1)
    archive.add(
        (
            File("/init", _read(_FILES / "initramfs-init"), 0o755),
            File("/bin/busybox", programs.busybox(home), 0o755),
            File("/bin/sh", target="busybox"),
        )
    )
    order = modules.load_order(kernel, _those_of(kernel, _ROOT_MODULES))
    archive.add(File(f"/modules/{name}.ko", modules.read(kernel, name)) for name in order)
    archive.add((File("/modules/order", "".join(f"/modules/{name}.ko\n" for name in order).encode()),))
    return archive.finished()


def entry(release: str) -> str:
    """What GRUB calls a kernel. A name must not start with a digit: GRUB takes it for a number then."""
    return f"linux-{release}"


def _content(wanted: Installation, home: Path) -> Iterator[File]:
    """All that is put on the disk beside Debian's packages."""
    yield from _files(wanted, home)
    for kernel in wanted.kernels:
        yield from _kernel(kernel, home)


def _files(wanted: Installation, home: Path) -> Iterator[File]:
    options = [f"root={_DISK}", "rw", "console=ttyS0,115200", NO_TIMER_CHECK, f"panic={wanted.panic_s}"]
    if wanted.crash_memory_mb:
        options.append(f"crashkernel={wanted.crash_memory_mb}M")
    options += wanted.append
    if any(set(word) & set("\"'\\$`{}; \t\n") for word in options):
        raise UsageError(
            "an option of a kernel's command line must not contain blanks, quotes or any of $ ` \\ { } ;"
        )
    first = entry(wanted.kernels[0].release)
    yield File("boot/grub/grub.cfg", _read(_FILES / "grub.cfg"))
    yield File("boot/grub/options.cfg", f'set options="{" ".join(options)}"\n'.encode())
    yield File("boot/grub/grubenv", grub.environment_block({"saved_entry": first, "last_good": first}))
    yield File("etc/inittab", _read(_FILES / "inittab"))
    for name in _SCRIPTS:
        yield File(f"usr/lib/kernward/{name}", _read(_FILES / name), 0o755)
    yield File("usr/lib/kernward/agent", programs.compiled("agent", home), 0o755)
    yield File("usr/lib/kernward/busybox", programs.busybox(home), 0o755)
    names = (*_GUEST_MODULES, *wanted.modules)
    yield File("etc/kernward/modules", "".join(f"{name}\n" for name in names).encode())
    yield File("etc/hosts", b"127.0.0.1 localhost\n")


def _kernel(kernel: Kernel, home: Path) -> Iterator[File]:
    """A kernel where Debian's packages put it, with an initramfs that gets it to the root."""
    for name, path in (
        ("vmlinuz", kernel.image),
        ("config", kernel.config),
        ("System.map", kernel.system_map),
    ):
        if path is not None:
            yield File(f"boot/{name}-{kernel.release}", _read(path))
    yield File(f"boot/initrd.img-{kernel.release}", initramfs(kernel, home))
    yield from _modules(kernel)


def _modules(kernel: Kernel) -> Iterator[File]:
    """All modules of an installed kernel; of a built tree, whose modules hold gigabytes, what is needed here."""
    if kernel.modules is None:
        return
    to = f"usr/lib/modules/{kernel.release}"
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        if (path := kernel.modules / name).is_file():
            yield File(f"{to}/{name}", _read(path))
    if (kernel.modules / "kernel").is_dir() and not (kernel.modules / "Makefile").exists():
        for path in sorted(kernel.modules.rglob("*.ko*")):
            if path.is_file():
                yield File(f"{to}/{path.relative_to(kernel.modules)}", _read(path))
        return
    for name in modules.load_order(kernel, _those_of(kernel, (*_ROOT_MODULES, *_GUEST_MODULES))):
        yield File(f"{to}/kernel/{name}.ko", modules.read(kernel, name))


def _prune(made: Path) -> None:
    """Remove the disks that were not used for the longest time; a machine that runs has its own open."""
    disks = sorted(made.parent.glob("*.img"), key=lambda path: path.stat().st_mtime)
    for path in disks[:-DISKS_KEPT]:
        if path != made:
            path.unlink(missing_ok=True)


def _those_of(kernel: Kernel, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if modules.present(kernel, name)]


def _add(archive: tarfile.TarFile, file: File) -> None:
    # The same bytes for the same request: no times, no owner but root.
    about = tarfile.TarInfo(f"./{file.path.lstrip('/')}")
    about.mode, about.size = file.mode, len(file.data)
    archive.addfile(about, io.BytesIO(file.data))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read for an installed machine: {error.strerror}") from error
