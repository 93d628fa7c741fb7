"""Folders of the host that a guest sees, and cannot write to.

By 9p, which QEMU serves itself to any user; else by virtiofs, whose server virtiofsd is a process beside
QEMU. Debian's ordinary kernels have both, its cloud kernels only the second. virtiofsd itself knows no
read-only service, so it serves a read-only bind mount in a mount namespace of its own, which takes root.
"""

import os
import shutil
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from kernward.kernels.kernel import Kernel
from kernward.kernels.modules import present
from kernward.records.errors import UsageError
from kernward.vm.spawning import Process, Warden
from kernward.vm.spec import Share

Method = Literal["9p", "virtiofs"]
# Where Debian, Fedora and others put it; it is on nobody's PATH.
SERVERS = ("/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd", "/usr/bin/virtiofsd")
READ_ONLY = 'mount --bind "$1" "$2" && mount -o remount,bind,ro "$2" && shift 2 && exec "$@"'


def method(kernel: Kernel) -> Method:
    """How folders are shared with this kernel; UsageError when they cannot be."""
    if present(kernel, "9p") and present(kernel, "9pnet_virtio"):
        return "9p"
    if not present(kernel, "virtiofs"):
        raise UsageError(f"kernel {kernel.release} has neither 9p nor virtiofs, by which folders are shared")
    if server() is None:
        raise UsageError(
            f"kernel {kernel.release} has no 9p, and for virtiofs there is no virtiofsd here (Debian: "
            "qemu-system-common or virtiofsd)"
        )
    if os.geteuid():
        raise UsageError(
            f"kernel {kernel.release} has no 9p, and sharing by virtiofs takes root; an ordinary kernel of Debian has "
            "9p"
        )
    return "virtiofs"


def server() -> str | None:
    """virtiofsd, where there is one."""
    return next((place for place in SERVERS if os.access(place, os.X_OK)), None)


def serve(
    shares: Sequence[Share], folder: Path, warden: Warden, theirs: ExitStack, fds: list[int]
) -> tuple[list[str], list[Process]]:
    """Start a server for each folder; QEMU's arguments, whose descriptors are added to `fds`."""
    arguments: list[str] = []
    servers = []
    program = server()
    assert program is not None
    for number, share in enumerate(shares):
        listening = theirs.enter_context(socket.socket(socket.AF_UNIX))
        connected = theirs.enter_context(socket.socket(socket.AF_UNIX))
        # The kernel takes 108 bytes of path; by way of the folder's descriptor it is always short.
        place = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        try:
            name = f"/proc/self/fd/{place}/share{number}"
            listening.bind(name)
            listening.listen(1)
            connected.connect(name)
            os.unlink(name)
        finally:
            os.close(place)
        view = folder / f"view{number}"
        view.mkdir()
        command = ["sh", "-c", READ_ONLY, "sh", str(share.folder), str(view), program, "--fd=%fd0%"]
        # The C program of QEMU 7 and the one in Rust that replaced it take their folder differently.
        old = Path(program).parent.name == "qemu"
        command += ["-o", f"source={view}", "-o", "log_level=err"] if old else ["--shared-dir", str(view)]
        unshare = shutil.which("unshare")
        if unshare is None:
            raise UsageError("sharing by virtiofs needs unshare (Debian: util-linux)")
        servers.append(
            warden.start(
                [unshare, "--mount", "--propagation", "private", "--", *command],
                fds=[listening.fileno()],
                log=folder / "virtiofsd.log",
            )
        )
        fds.append(connected.fileno())
        arguments += ["-chardev", f"socket,id=share{number},fd=%fd{len(fds) - 1}%"]
        arguments += ["-device", f"vhost-user-fs-pci,chardev=share{number},tag=share{number}"]
    return arguments, servers
