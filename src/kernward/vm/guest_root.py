"""The initramfs of a machine: busybox and the agent, then the payload, which differs between machines.

The first archive is the same for all machines and is kept; the second holds the modules that the
kernel lacks, the programs and the files that a Spec asks for. The kernel unpacks one after the other.
"""

import hashlib
import subprocess
from functools import cache
from pathlib import Path

from kernward.kernels import modules
from kernward.kernels.scratch import write_whole
from kernward.vm.cpio import Archive
from kernward.vm.programs import busybox, compiled, files_of
from kernward.vm.spec import File, Spec

# What every machine needs to be reached and to report a panic; those that the kernel lacks are left out.
TRANSPORT = ("virtio_pci", "virtio_console")
REPORTING = ("pvpanic_pci", "qemu_fw_cfg")
DRIVERS = {
    "virtio": ("virtio_blk",),
    "sata": ("ahci", "sd_mod"),
    "nvme": ("nvme",),
    "usb": ("xhci_pci", "usb_storage", "sd_mod"),
}
CARDS = {"virtio-net-pci": "virtio_net", "e1000e": "e1000e", "e1000": "e1000"}


def archive_of(spec: Spec, home: Path) -> bytes:
    """The whole initramfs of a machine."""
    return base(home) + payload(spec, home)


@cache
def base(home: Path) -> bytes:
    """busybox with its names, the agent as /init, and the few files that programs expect."""
    shell, agent = busybox(home), compiled("agent", home)
    digest = hashlib.sha256(shell + agent).hexdigest()[:16]
    kept = home / "vm" / "base" / f"{digest}.cpio"
    if kept.exists():
        return kept.read_bytes()
    archive = Archive()
    archive.device("/dev/console", 5, 1)
    archive.device("/dev/null", 1, 3)
    for folder in ("proc", "sys", "tmp", "run", "root", "mnt", "sbin", "usr/bin", "usr/sbin", "var/log"):
        archive.directory(folder)
    archive.add((File("/init", agent, 0o755), File("/bin/busybox", shell, 0o755)))
    archive.add(File(f"/bin/{name}", target="busybox") for name in applets(shell, home))
    archive.add(
        (
            File("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
            File("/etc/group", b"root:x:0:\nnogroup:x:65534:\n"),
            File("/etc/hosts", b"127.0.0.1 localhost guest\n"),
        )
    )
    data = archive.finished()
    write_whole(kept, data)
    return data


@cache
def base_digest(home: Path) -> str:
    """A name for the first archive, for those who keep what was booted with it."""
    return hashlib.sha256(base(home)).hexdigest()[:16]


def applets(shell: bytes, home: Path) -> list[str]:
    """The names by which this busybox answers."""
    place = home / "vm" / "base" / "busybox"
    if not place.exists() or place.read_bytes() != shell:
        write_whole(place, shell, 0o755)
    listed = subprocess.run([place, "--list"], capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split() if name not in ("busybox", "init", "linuxrc")]


def needed_modules(spec: Spec) -> list[str]:
    """The modules that a machine's devices and its wishes need, each with its parameters, in order."""
    optional = [*REPORTING, *(CARDS[nic.model] for nic in spec.nics if nic.model in CARDS)]
    optional += [driver for disk in spec.disks for driver in DRIVERS[disk.interface]]
    if spec.shares:
        optional += ["9pnet_virtio", "9p", "virtiofs"]
    if spec.root is not None:
        optional += ["virtio_blk", "ext4"]
    names = [name for name in (*TRANSPORT, *optional) if modules.present(spec.kernel, name)]
    return [*names, *spec.modules]


def payload(spec: Spec, home: Path) -> bytes:
    """Modules, programs and files of one machine."""
    archive = Archive()
    archive.add(spec.files)
    parameters: dict[str, str] = {}
    for each in needed_modules(spec):
        name, _, values = each.partition(" ")
        name = name.replace("-", "_")
        parameters[name] = " ".join(filter(None, (parameters.get(name, ""), values)))
    listed = []
    ours = {Path(file.path).stem.replace("-", "_"): file for file in spec.files if file.path.endswith(".ko")}
    for name in modules.load_order(spec.kernel, [name for name in parameters if name not in ours]):
        path = f"/lib/modules/{spec.kernel.release}/kernward/{name}.ko"
        archive.add((File(path, modules.read(spec.kernel, name)),))
        listed.append(f"{path} {parameters.get(name, '')}".rstrip())
    listed += [f"{file.path} {parameters.get(name, '')}".rstrip() for name, file in ours.items()]
    archive.add((File("/etc/kernward/modules", "".join(f"{line}\n" for line in listed).encode()),))
    if spec.shares:
        lines = "".join(f"share{number} {share.mount_point}\n" for number, share in enumerate(spec.shares))
        archive.add((File("/etc/kernward/shares", lines.encode()),))
    for name in spec.programs:
        archive.add(files_of(name, home))
    return archive.finished()
