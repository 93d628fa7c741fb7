"""The test bed: starts machines, keeps their snapshots, and ends what it started.

A machine is booted once for each Spec, saved when its agent first answers, and restored from there in a
fraction of a second as often as is wished, many at a time. Guest memory is a file that all restored
machines map copy-on-write, so restoring costs no copying and shares what is not written.
"""

import fcntl
import os
import random
import secrets
import shlex
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kernward.records.errors import InputError, UsageError
from kernward.records.machines import RunningMachine
from kernward.vm import guest_root, qemu, sharing
from kernward.vm.acceleration import acceleration, version
from kernward.vm.channel import Channel
from kernward.vm.console import LIMIT_BYTES, Console
from kernward.vm.machine import Machine
from kernward.vm.monitor import Monitor
from kernward.vm.spawning import Process, Warden
from kernward.vm.spec import Disk, Spec

if TYPE_CHECKING:
    from kernward.vm.segment import Segment

# Under software emulation a Debian kernel boots in two to three seconds, in ten when both cores are busy.
BOOT_S = 120.0
RESTORE_S = 30.0
# The longest pause that a restored machine makes before its first command: with equal memory and equal
# input two machines would otherwise go the same way step by step.
DELAY_US = 2000
SNAPSHOTS_KEPT = 24
# Memory that is shared with a file is not copied into the saved state, nor out of it.
IGNORE_SHARED = [{"capability": "x-ignore-shared", "state": True}]


class Bed:
    """Everything that one owner starts; a context manager. Thread-safe."""

    def __init__(self, home: Path, *, console_limit_bytes: int = LIMIT_BYTES) -> None:
        self.home = home
        self._console_limit = console_limit_bytes
        self._opening = threading.Lock()
        self._warden: Warden | None = None
        self._machines: set[Machine] = set()
        self._segments: dict[str, Segment] = {}

    def __enter__(self) -> "Bed":
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    @property
    def warden(self) -> Warden:
        """The process that starts and ends the machines."""
        with self._opening:
            if self._warden is None:
                self._warden = Warden()
            return self._warden

    def boot(
        self, spec: Spec, *, name: str = "guest", timeout_s: float = BOOT_S, wait: bool = True
    ) -> Machine:
        """Start a machine cold. With `wait` it is returned when its first command can run."""
        with ExitStack() as failing:
            started = time.monotonic()
            machine = failing.enter_context(self._start(spec, name, cold=True))
            if wait:
                machine.wait_ready(timeout_s, started)
            failing.pop_all()
        return machine

    def restore(self, spec: Spec, *, name: str = "guest", timeout_s: float = BOOT_S) -> Machine:
        """Start a machine from its snapshot, which is made first when there is none."""
        unfit = not_restorable(spec)
        if unfit:
            raise UsageError(f"this machine cannot be restored from a snapshot: {unfit}")
        with ExitStack() as failing:
            with self._snapshot(spec, timeout_s) as snapshot:
                started = time.monotonic()
                machine = failing.enter_context(self._start(spec, name, cold=False, snapshot=snapshot))
                machine.qmp("migrate-set-capabilities", capabilities=IGNORE_SHARED)
                machine.qmp("migrate-incoming", uri=f"fd:{machine.process.fds[qemu.INCOMING]}")
                # From here on its memory and disks are open in QEMU: the snapshot may be removed.
                machine.channel.greeted.set()
                machine.wake(random.randrange(DELAY_US), RESTORE_S)
                machine.boot_log = (snapshot / "console.log").read_bytes()
            machine.ready_s = time.monotonic() - started
            failing.pop_all()
        return machine

    def machine(
        self, spec: Spec, *, cold: bool = False, name: str = "guest", timeout_s: float = BOOT_S
    ) -> Machine:
        """A machine, restored where that is possible and `cold` is not asked for."""
        if cold or not_restorable(spec):
            return self.boot(spec, name=name, timeout_s=timeout_s)
        return self.restore(spec, name=name, timeout_s=timeout_s)

    def segment(self, network: str) -> "Segment":
        """The wire of this name, which machines with a card on that network are plugged to."""
        from kernward.vm.segment import Segment

        with self._opening:
            if network not in self._segments:
                self._segments[network] = Segment(network)
            return self._segments[network]

    def close(self) -> None:
        """End all machines."""
        for machine in list(self._machines):
            machine.close()
        for segment in self._segments.values():
            segment.close()
        with self._opening:
            if self._warden is not None:
                self._warden.close()
                self._warden = None

    def forget(self, machine: Machine) -> None:
        """A machine has closed."""
        self._machines.discard(machine)

    # ---- starting ----

    def _start(
        self,
        spec: Spec,
        name: str,
        *,
        cold: bool,
        snapshot: Path | None = None,
        saving: Path | None = None,
    ) -> Machine:
        if not version():
            raise InputError("QEMU is not installed: no qemu-system-x86_64 (Debian: qemu-system-x86)")
        machine_id = secrets.token_hex(4)
        folder = self.home / "vm" / "run" / machine_id
        folder.mkdir(parents=True)
        self.warden.folder(folder)
        with ExitStack() as on_failure, ExitStack() as theirs:
            on_failure.callback(shutil.rmtree, folder, ignore_errors=True)
            ours, fds = [], []
            for _ in range(3):
                mine, guests = socket.socketpair()
                theirs.enter_context(guests)
                on_failure.callback(mine.close)
                ours.append(mine)
                fds.append(guests.fileno())
            memory: list[str] = []
            initramfs = None
            if snapshot is not None:
                state = theirs.enter_context((snapshot / "state").open("rb"))
                fds.append(state.fileno())
                memory = qemu.memory_file(snapshot / "memory", spec.memory_mb, shared=False)
                initramfs = snapshot / "initramfs"
            elif spec.initramfs and spec.kernel_is_given:
                initramfs = (saving or folder) / "initramfs"
                initramfs.write_bytes(guest_root.archive_of(spec, self.home))
            if saving is not None:
                memory = qemu.memory_file(saving / "memory", spec.memory_mb, shared=True)
            segments = []
            for nic in spec.nics:
                segment, fd = self._plug(nic.network, theirs)
                if fd is not None:
                    segment = segment.replace("%fd%", f"%fd{len(fds)}%")
                    fds.append(fd)
                segments.append(segment)
            sharing_arguments, servers = self._share(spec, folder, theirs, fds)
            if servers:
                memory = qemu.shared_memory(spec.memory_mb)
            arguments = qemu.arguments(
                spec,
                accelerator=acceleration(self.home).name,
                initramfs=initramfs if spec.initramfs else None,
                memory=memory,
                disks=self._disks(spec, folder, snapshot, saving),
                segments=segments,
                shares=sharing_arguments,
                incoming=snapshot is not None,
            )
            process = self.warden.start(
                [*arguments, "-name", process_name(machine_id)],
                fds=fds,
                log=folder / "qemu.log",
                environment={"TMPDIR": str(folder)},
            )
            on_failure.pop_all()
        channel = Channel(ours[qemu.CHANNEL])
        machine = Machine(
            spec=spec,
            name=name,
            process=process,
            console=Console(
                ours[qemu.CONSOLE], folder / "console.log", name, limit_bytes=self._console_limit
            ),
            channel=channel,
            monitor=Monitor(ours[qemu.MONITOR], name, on_reset=channel.forget_partial),
            folder=folder,
            bed=self,
            servers=servers,
        )
        self._machines.add(machine)
        about = RunningMachine(
            machine_id, name, spec.kernel.release, process.pid, os.getpid(), time.time(), spec.memory_mb, cold
        )
        (folder / "about.json").write_bytes(msgspec.json.encode(about))
        return machine

    def _share(
        self, spec: Spec, folder: Path, theirs: ExitStack, fds: list[int]
    ) -> tuple[list[str], list[Process]]:
        if not spec.shares:
            return [], []
        if sharing.method(spec.kernel) == "9p":
            return qemu.nine_p(spec.shares), []
        return sharing.serve(spec.shares, folder, self.warden, theirs, fds)

    def _plug(self, network: str, theirs: ExitStack) -> tuple[str, int | None]:
        if network == "user":
            return "user", None
        end = theirs.enter_context(self.segment(network).plug())
        return "dgram,local.type=fd,local.str=%fd%", end.fileno()

    def _disks(self, spec: Spec, folder: Path, snapshot: Path | None, saving: Path | None) -> list[str]:
        disks = list(spec.disks)
        if spec.root is not None:
            disks.insert(0, Disk(name="root", image=spec.root))
        result = qemu.controllers(disks)
        for place, disk in enumerate(disks):
            if snapshot is not None:
                result += qemu.drive(disk, place, snapshot / f"{disk.name}.qcow2", "qcow2", snapshot=True)
                continue
            image = disk.image
            if image is None:
                image = folder / f"{disk.name}.img"
                with image.open("wb") as file:
                    file.truncate(disk.size_mb << 20)
            form = "qcow2" if image.suffix == ".qcow2" else "raw"
            if saving is not None:
                if disk.image is None:
                    image = image.rename(saving / f"{disk.name}.img")
                view = saving / f"{disk.name}.qcow2"
                overlay(view, image, form)
                result += qemu.drive(disk, place, view, "qcow2", snapshot=False)
            else:
                # A disk of its own is written in place; it goes with the machine's folder.
                own = disk.image is None or disk.shared
                result += qemu.drive(disk, place, image, form, snapshot=not own)
        return result

    # ---- snapshots ----

    @contextmanager
    def _snapshot(self, spec: Spec, timeout_s: float) -> Iterator[Path]:
        """The folder of a snapshot, which stays as long as this lasts."""
        folder = self.home / "vm" / "snapshots"
        folder.mkdir(parents=True, exist_ok=True)
        how = acceleration(self.home).name
        root = guest_root.base_digest(self.home)
        digest = spec.digest(version(), how, qemu.CPU, qemu.command_line(spec), root)
        kept = folder / digest
        with (folder / f"{digest}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            # Between two kinds of lock there is a moment without one, in which it may be removed again.
            while not (kept / "state").exists():
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not (kept / "state").exists():
                    self._save(spec, kept, timeout_s)
                    prune(folder, keep=digest)
                fcntl.flock(lock, fcntl.LOCK_SH)
            os.utime(kept)
            yield kept

    def _save(self, spec: Spec, kept: Path, timeout_s: float) -> None:
        """Boot a machine and write it down; the guest must not notice, so nothing is typed into it."""
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        self.warden.folder(kept)
        with ExitStack() as on_failure:
            on_failure.callback(shutil.rmtree, kept, ignore_errors=True)
            started = time.monotonic()
            with self._start(spec, "snapshot", cold=True, saving=kept) as machine:
                machine.wait_ready(timeout_s, started)
                partial = kept / "state.partial"
                machine.qmp("migrate-set-capabilities", capabilities=IGNORE_SHARED)
                # Only devices are written: memory is in its file already (x-ignore-shared).
                machine.qmp("migrate", uri=f"exec:exec cat > {shlex.quote(str(partial))}")
                deadline = time.monotonic() + timeout_s
                while (status := machine.qmp("query-migrate").get("status")) != "completed":
                    if status == "failed" or time.monotonic() > deadline:
                        raise InputError(f"QEMU could not save the machine: {machine.errors() or status}")
                    time.sleep(0.01)
                shutil.copyfile(machine.console_log, kept / "console.log")
            (kept / "about.json").write_bytes(
                msgspec.json.encode({"kernel": spec.kernel.release, "memory_mb": spec.memory_mb})
            )
            partial.rename(kept / "state")
            on_failure.pop_all()
        self.warden.folder_done(kept)


def process_name(machine_id: str) -> str:
    """The name that a machine's QEMU carries on its command line."""
    return f"kernward-{machine_id}"


def not_restorable(spec: Spec) -> str | None:
    """Why a machine can only be booted cold; None when it can be restored."""
    if spec.shares:
        return "QEMU cannot save a folder that is shared"
    if not spec.initramfs or not spec.kernel_is_given:
        return "its root is not the test bed's"
    if any(disk.shared for disk in spec.disks):
        return "it writes to a disk image in place"
    if any(option.startswith("file.") for disk in spec.disks for option in disk.options):
        return "what its disk options say of the image would be said of the overlay"
    if any(disk.interface == "nvme" for disk in spec.disks):
        return "QEMU cannot save an NVMe controller"
    return None


def overlay(view: Path, image: Path, form: str) -> None:
    """A qcow2 file that shows `image` and takes what is written."""
    said = subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", form, "-b", str(image.absolute()), str(view)],
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode:
        raise InputError(f"{image}: qemu-img could not make an overlay: {said.stderr.strip()}")


def prune(folder: Path, keep: str) -> None:
    """Remove the snapshots that were not used for the longest time, beyond SNAPSHOTS_KEPT."""
    kept = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in kept[:-SNAPSHOTS_KEPT]:
        if path.name == keep:
            continue
        with (folder / f"{path.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # in use
            shutil.rmtree(path, ignore_errors=True)
