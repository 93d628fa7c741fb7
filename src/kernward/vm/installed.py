"""An installed machine: a guest with a boot loader and several kernels, which restarts as a real host does.

The guest itself chooses the next kernel, with grub-reboot and grub-set-default; GRUB falls back to the
last kernel that came up, and kdump leaves what a panic was about. All of that happens inside one QEMU,
whose reset button is what is left for a kernel that hangs.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import msgspec

from kernward.kernels.kernel import Kernel
from kernward.records.errors import UsageError
from kernward.vm import grub, installed_image, root_image
from kernward.vm.bed import Bed
from kernward.vm.channel import OUT, Completed
from kernward.vm.installed_image import Installation, entry
from kernward.vm.machine import Machine
from kernward.vm.spec import Disk, Nic, Spec
from kernward.vm.verdict import NeverBooted, Verdict

BOOT_S = 180.0
# What a crash kernel needs to write a dump is part of a restart after a panic.
CRASH_S = 300.0
_ENVIRONMENT = "/boot/grub/grubenv"
_CRASHES = "/var/crash"
# Makes GRUB see what was written.
_SETTLE = "/usr/lib/kernward/settle"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")


class Boot(msgspec.Struct, frozen=True, kw_only=True):
    """One boot of an installed machine.

    `asked` is the kernel that GRUB was asked for and `release` the one that runs. `power_cycled` says that
    the machine did not come back of itself, and its reset button was pressed, as a host's management
    controller would. `seconds` is the time from the restart to the agent's answer.
    """

    release: str
    boot_id: str
    asked: str
    power_cycled: bool
    seconds: float

    @property
    def fell_back(self) -> bool:
        """Whether another kernel runs than the one that was asked for."""
        return self.release != self.asked


class Dump(msgspec.Struct, frozen=True, kw_only=True):
    """What kdump left of one panic, fetched: the memory (None where it could not be saved) and the log.

    `name` is the guest's folder, the UTC time of the crash kernel: 20261121232305.
    """

    name: str
    vmcore: Path | None
    dmesg: Path | None
    size_bytes: int


class InstalledMachine:
    """A machine with a boot loader and kernels; a context manager that boots it and ends it."""

    def __init__(
        self,
        bed: Bed,
        kernels: Sequence[Kernel],
        *,
        name: str = "host",
        smp: int = 1,
        memory_mb: int = 512,
        packages: Sequence[str] = (),
        modules: Sequence[str] = (),
        append: Sequence[str] = (),
        crash_memory_mb: int = 128,
        size_mb: int = 1536,
        disks: Sequence[Disk] = (),
        nics: Sequence[Nic] = (),
        suite: str = "bookworm",
    ) -> None:
        if crash_memory_mb and memory_mb < crash_memory_mb + 256:
            raise UsageError(
                f"with {crash_memory_mb} MB set aside for a crash kernel, a machine needs {crash_memory_mb + 256} MB, "
                f"and this one has {memory_mb} MB"
            )
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is not the name of a host")
        self.bed = bed
        self.name = name
        self.installation = Installation(
            kernels=tuple(kernels),
            suite=suite,
            packages=tuple(packages),
            modules=tuple(modules),
            append=tuple(append),
            crash_memory_mb=crash_memory_mb,
            size_mb=size_mb,
        )
        self._smp, self._memory_mb, self._disks, self._nics = smp, memory_mb, tuple(disks), tuple(nics)
        self._machine: Machine | None = None
        self._boot: Boot | None = None
        # How often QEMU has said that the guest was reset.

    def __enter__(self) -> "InstalledMachine":
        disk = installed_image.disk_of(self.installation, self.bed.home)
        spec = Spec(
            kernel=self.installation.kernels[0],
            kernel_is_given=False,
            reboots=True,
            smp=self._smp,
            memory_mb=self._memory_mb,
            disks=(Disk(name="system", image=disk, options=("cache=unsafe",)), *self._disks),
            nics=self._nics,
            devices=("-smbios", f"type=1,serial={self.name}"),
        )
        with ExitStack() as failing:
            machine = failing.enter_context(self.bed.boot(spec, name=self.name, timeout_s=BOOT_S))
            self._boot = self._state(machine, power_cycled=False, seconds=machine.ready_s or 0.0)
            self._machine = machine
            failing.pop_all()
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def close(self) -> None:
        """End the machine at once; what was written to its disk is gone."""
        if self._machine is not None:
            self._machine.close()

    @property
    def machine(self) -> Machine:
        """The machine itself: its console, its monitor, its jobs."""
        if self._machine is None:
            raise UsageError(f"{self.name} is not running: use it as `with InstalledMachine(…) as host`")
        return self._machine

    @property
    def boot(self) -> Boot:
        """The boot that the machine is in, as far as it was waited for."""
        assert self._boot is not None
        return self._boot

    # ---- commands ----

    def run(
        self,
        arguments: Sequence[str | bytes],
        *,
        stdin: bytes = b"",
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
        folder: str = "/",
        each: Callable[[int, bytes], object] | None = None,
    ) -> Completed:
        """Run a command to its end, as Machine.run does."""
        return self.machine.run(
            arguments, stdin=stdin, timeout_s=timeout_s, environment=environment, folder=folder, each=each
        )

    def sh(self, script: str, *, timeout_s: float = 60) -> Completed:
        """Run a shell script."""
        return self.machine.sh(script, timeout_s=timeout_s)

    def put(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Write a file."""
        self.machine.put(path, data, mode)

    def get(self, path: str, timeout_s: float = 60) -> bytes:
        """Read a file."""
        return self.machine.get(path, timeout_s)

    # ---- kernels ----

    def running_release(self) -> str:
        """The kernel that runs, as it says itself."""
        return self._asked("uname", "-r")

    def releases(self) -> tuple[str, ...]:
        """The kernels that are installed."""
        names = self._asked("sh", "-c", "cd /boot && ls -d vmlinuz-*").split()
        return tuple(name.removeprefix("vmlinuz-") for name in names)

    def default(self) -> str:
        """The kernel that is booted when none is chosen."""
        return self._chosen("saved_entry")

    def last_good(self) -> str:
        """The kernel that came up last: what GRUB falls back to."""
        return self._chosen("last_good")

    def next_release(self) -> str:
        """The kernel that GRUB will try at the next restart."""
        return self._chosen("next_entry") or self.default()

    def set_default(self, release: str) -> None:
        """Choose the kernel of all boots to come."""
        self._choose("grub-set-default", release)

    def boot_once(self, release: str) -> None:
        """Choose the kernel of the next boot alone."""
        self._choose("grub-reboot", release)

    def install(self, kernel: Kernel, *, timeout_s: float = 300) -> None:
        """Install one more kernel on the running machine, as its package manager would; the default stays."""
        packed = installed_image.packed(kernel, self.bed.home)
        self._asked("tar", "-x", "--keep-directory-symlink", "-C", "/", stdin=packed, timeout_s=timeout_s)
        if kernel.modules is not None:
            self._asked("depmod", kernel.release, timeout_s=timeout_s)
        self._asked(_SETTLE, timeout_s=timeout_s)

    def remove(self, release: str) -> None:
        """Remove a kernel. Refused for the one that runs and the default."""
        self._known(release)
        if release in (self.running_release(), self.default()):
            raise UsageError(f"{self.name}: {release} is running or the default, and is not removed")
        self._asked(
            "sh", "-c", 'rm -rf "/boot/vmlinuz-$1" "/boot/initrd.img-$1" "/boot/config-$1" "/boot/System.map-$1" '
            '"/lib/modules/$1" && sync', "remove", release,
        )  # fmt: skip

    # ---- restarts ----

    def reboot(self, timeout_s: float = BOOT_S) -> Boot:
        """Restart in an orderly way and wait until the machine answers again.

        When it does not within `timeout_s` its reset button is pressed, and it is waited for once more.
        """
        # The command may be answered or not, as quickly as init goes about it.
        self.machine.start(["init", "6"])
        return self.wait_reboot(timeout_s)

    def panic(self, timeout_s: float = CRASH_S) -> Boot:
        """Let the kernel panic and wait until the machine answers again."""
        self.machine.start(["sh", "-c", "echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger"])
        return self.wait_reboot(timeout_s)

    def wait_reboot(self, timeout_s: float = CRASH_S) -> Boot:
        """Wait for a restart that comes of itself: after a panic, with or without a dump.

        It may have happened already since the last boot that was waited for. When the machine does not
        answer within `timeout_s` its reset button is pressed, and it is waited for once more.
        """
        started = time.monotonic()
        return self._come_back(timeout_s, started) or self.power_cycle(timeout_s)

    def power_cycle(self, timeout_s: float = BOOT_S) -> Boot:
        """Press the reset button, whatever the guest does, and wait until it answers."""
        started = time.monotonic()
        self.machine.qmp("system_reset")
        boot = self._come_back(timeout_s, started, power_cycled=True)
        if boot is None:
            raise self._never(timeout_s)
        return boot

    def _come_back(self, timeout_s: float, started: float, *, power_cycled: bool = False) -> Boot | None:
        """The next boot; None when the agent of no other boot has said hello in time."""
        machine = self.machine
        while (hello := machine.channel.hello) is None or hello.boot_id == self.boot.boot_id:
            if machine.process.ended.is_set() or machine.channel.lost.is_set():
                raise self._never(time.monotonic() - started)
            if time.monotonic() > started + timeout_s:
                return None
            time.sleep(0.02)
        machine.restarted()
        self._boot = self._state(machine, power_cycled=power_cycled, seconds=time.monotonic() - started)
        return self._boot

    def _state(self, machine: Machine, *, power_cycled: bool, seconds: float) -> Boot:
        hello = machine.channel.hello
        assert hello is not None
        asked = grub.environment(machine.get(_ENVIRONMENT)).get("asked", "")
        return Boot(
            release=hello.release,
            boot_id=hello.boot_id,
            asked=asked.removeprefix(entry("")),
            power_cycled=power_cycled,
            seconds=seconds,
        )

    def _never(self, after_s: float) -> Verdict:
        tail = self.machine.console()[-2000:]
        return NeverBooted(f"{self.name} did not come back within {after_s:.0f} s of its restart", tail)

    # ---- crash dumps ----

    def crash_kernel_loaded(self) -> bool:
        """Whether a panic would leave a dump."""
        return self._asked("cat", "/sys/kernel/kexec_crash_loaded") == "1"

    def dumps(self) -> tuple[str, ...]:
        """The names of the dumps that panics have left, oldest first."""
        return tuple(self._asked("sh", "-c", f"cd {_CRASHES} 2> /dev/null && ls || :").split())

    def fetch_dump(self, to: Path, name: str | None = None, *, timeout_s: float = 300) -> Dump:
        """Copy a dump, the newest without `name`, into the folder `to`: vmcore and dmesg.txt."""
        there = self.dumps()
        if not there or (name is not None and name not in there):
            raise UsageError(f"{self.name} has no dump {name or 'in ' + _CRASHES}: no panic has left one")
        name = name or there[-1]
        files = self._asked("ls", f"{_CRASHES}/{name}").split()
        to.mkdir(parents=True, exist_ok=True)
        fetched: dict[str, Path] = {}
        for file, called in (("vmcore", "vmcore"), ("dmesg", "dmesg.txt")):
            if file in files:
                partial = to / f"{called}.partial"
                with partial.open("wb") as copy:
                    self._copied(f"{_CRASHES}/{name}/{file}", copy, timeout_s)
                fetched[file] = partial.rename(to / called)
        size = fetched["vmcore"].stat().st_size if "vmcore" in fetched else 0
        return Dump(name=name, vmcore=fetched.get("vmcore"), dmesg=fetched.get("dmesg"), size_bytes=size)

    # ---- below ----

    def _asked(self, *words: str, stdin: bytes = b"", timeout_s: float = 60) -> str:
        done = self.machine.run(words, stdin=stdin, timeout_s=timeout_s)
        if done.status:
            said = done.stderr.decode(errors="replace").strip() or f"status {done.status}"
            raise Verdict(f"{self.name}: {words[0]} failed: {said}", self.machine.console()[-2000:])
        return done.stdout.decode(errors="replace").strip()

    def _copied(self, path: str, to: IO[bytes], timeout_s: float) -> None:
        def each(kind: int, piece: bytes) -> None:
            if kind == OUT:
                to.write(piece)

        done = self.machine.run(["cat", path], timeout_s=timeout_s, each=each)
        if done.status:
            raise Verdict(f"{self.name}: {path} cannot be read", self.machine.console()[-2000:])

    def _chosen(self, variable: str) -> str:
        values = grub.environment(self.machine.get(_ENVIRONMENT))
        return values.get(variable, "").removeprefix(entry(""))

    def _choose(self, tool: str, release: str) -> None:
        self._known(release)
        self._asked("sh", "-c", f'{tool} "$1" && {_SETTLE}', tool, entry(release))

    def _known(self, release: str) -> None:
        there = self.releases()
        if release not in there:
            raise UsageError(f"{self.name} has no kernel {release}; it has {', '.join(there)}")


def missing() -> tuple[tuple[str, str], ...]:
    """What this machine lacks for installed machines: (what, the package of Debian that has it)."""
    return (*root_image.missing(), *grub.missing())
