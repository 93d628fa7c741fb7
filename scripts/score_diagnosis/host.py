"""Faults of this machine itself: cgroups whose limits are hit, of version 1 or 2, whichever has the controller.

Each makes cgroups of its own below a name of its own, and takes them away again.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from kernward.collectors.cgroups import hierarchy
from kernward.collectors.root import Root
from kernward.vm.fault import Value, Values

NAME = "kernward-score"
MB = 1 << 20


class HostFault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: its parameters drawn at random, what sets it going, and what a check must find.

    `entity` says which of the run's values the entity is named by.
    """

    cause: str
    entity_kind: str
    runs: int
    values: Callable[[random.Random], dict[str, Value]]
    start: Callable[["Host", Values], None]
    controllers: tuple[str, ...]


class Host:
    """What a run has started on this machine; ended with it."""

    def __init__(self, folder: Path, misbehave: Path) -> None:
        self.folder = folder
        self._misbehave = misbehave
        self._processes: list[subprocess.Popen[bytes]] = []
        self._cgroups: list[Path] = []

    def cgroup(self, controllers: str, path: str) -> Path:
        """Make the cgroup of that path with the first of these controllers that there is."""
        found = mounted(controllers)
        if found is None:
            raise FileNotFoundError(f"this machine has no cgroup controller {controllers}")
        controller, folder, version = found
        for level in path.strip("/").split("/"):
            if version == 2:
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")
            folder /= level
            if not folder.exists():
                folder.mkdir()
                self._cgroups.append(folder)
        return folder

    def serve(self, name: str, cgroups: tuple[Path, ...], *arguments: object) -> int:
        """Run misbehave as a process of that name in these cgroups; its id."""
        link = self.folder / name
        if not link.exists():
            link.symlink_to(self._misbehave)

        def enter() -> None:
            for each in cgroups:
                (each / "cgroup.procs").write_text(str(os.getpid()))

        process = subprocess.Popen(
            [link, *map(str, arguments)], preexec_fn=enter, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._processes.append(process)
        return process.pid

    def shell(self, script: str) -> None:
        """Run a script behind."""
        self._processes.append(
            subprocess.Popen(
                ["bash", "-c", script],
                cwd=self.folder,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
        )

    def close(self) -> None:
        """End it all."""
        for each in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGKILL)
            each.wait()
        for folder in reversed(self._cgroups):
            for _ in range(50):
                with suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.1)


@contextmanager
def host(folder: Path, misbehave: Path) -> Iterator[Host]:
    """A Host that is closed at the end."""
    made = Host(folder, misbehave)
    try:
        yield made
    finally:
        made.close()


def mounted(controllers: str) -> tuple[str, Path, int] | None:
    """The first of these controllers ("io|blkio") that there is, where its tree is mounted, and its version."""
    for controller in controllers.split("|"):
        tree = hierarchy(Root(), controller)
        if tree is None:
            continue
        place = Path(tree.mount)
        if tree.version == 1 or controller in (place / "cgroup.controllers").read_text().split():
            return controller, place, tree.version
    return None


def available(fault: HostFault) -> bool:
    """Whether this machine has the controllers that it needs."""
    return all(mounted(each) for each in fault.controllers)


def _path(chance: random.Random) -> str:
    return f"/{NAME}/{chance.choice(('web', 'batch', 'db', 'cache'))}-{chance.getrandbits(24):06x}.service"


def _name(chance: random.Random) -> str:
    return chance.choice(("checkoutd", "ledger", "kvstore", "renderd", "etl", "authz"))


def _quota(host: Host, values: Values) -> None:
    folder = host.cgroup("cpu", str(values["cgroup"]))
    period_us = int(values["period_ms"]) * 1000
    quota_us = period_us * int(values["quota_percent"]) // 100
    if (folder / "cpu.max").exists():
        (folder / "cpu.max").write_text(f"{quota_us} {period_us}")
    else:
        (folder / "cpu.cfs_period_us").write_text(str(period_us))
        (folder / "cpu.cfs_quota_us").write_text(str(quota_us))
    host.serve(str(values["service"]), (folder,), "spin", values["threads"])


def _memory_reclaim(host: Host, values: Values) -> None:
    folder = host.cgroup("memory", str(values["cgroup"]))
    limit = int(values["limit_mb"]) * MB
    high = folder / "memory.high"
    (high if high.exists() else folder / "memory.limit_in_bytes").write_text(str(limit))
    data = host.folder / "data"
    with data.open("wb") as file:
        for _ in range(int(values["limit_mb"]) * 3):
            file.write(os.urandom(MB))
        file.flush()
        os.fsync(file.fileno())
        # What stayed in the page cache would be read from there, outside of the group's limit.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    host.serve(str(values["service"]), (folder,), "reread", data, int(values["limit_mb"]) * 3)


def _memory_kill(host: Host, values: Values) -> None:
    folder = host.cgroup("memory", str(values["cgroup"]))
    limit = folder / "memory.max"
    (limit if limit.exists() else folder / "memory.limit_in_bytes").write_text(
        str(int(values["limit_mb"]) * MB)
    )
    host.serve(str(values["service"]), (folder,), "eat", int(values["limit_mb"]) * 2)


def _pids(host: Host, values: Values) -> None:
    folder = host.cgroup("pids", str(values["cgroup"]))
    (folder / "pids.max").write_text(str(values["pids_max"]))
    host.serve(str(values["service"]), (folder,), "fork", int(values["pids_max"]) * 3)


def _io(host: Host, values: Values) -> None:
    folder = host.cgroup("io|blkio", str(values["cgroup"]))
    data = host.folder / "data"
    data.write_bytes(os.urandom(64 * MB))
    os.sync()
    device = os.stat(data).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    rate = int(values["kb_s"]) * 1024
    if (folder / "io.max").exists():
        (folder / "io.max").write_text(f"{number} rbps={rate}")
    else:
        (folder / "blkio.throttle.read_bps_device").write_text(f"{number} {rate}")
    host.serve(str(values["service"]), (folder,), "direct", data, "read", 4, 65536, 64)


def _neighbour(host: Host, values: Values) -> None:
    for number, (name, path, weight, threads) in enumerate(
        (
            ("victim", str(values["victim_cgroup"]), 100, 1),
            (str(values["service"]), str(values["cgroup"]), int(values["weight"]), int(values["threads"])),
        )
    ):
        folder = host.cgroup("cpu", path)
        if (folder / "cpu.weight").exists():
            (folder / "cpu.weight").write_text(str(weight))
        else:
            (folder / "cpu.shares").write_text(str(weight * 1024 // 100))
        host.serve(name if number else "payment-api", (folder,), "spin", threads)


def _program(*arguments: str) -> Callable[[Host, Values], None]:
    def start(host: Host, values: Values) -> None:
        filled = [str(values.get(each, each)) for each in arguments]
        host.serve(str(values["service"]), (), *filled)

    return start


HOST_FAULTS = {
    "quota": HostFault(
        cause="cpu-quota-throttling", entity_kind="cgroup", runs=5, controllers=("cpu",), start=_quota,
        values=lambda chance: {
            "quota_percent": chance.randint(5, 80), "period_ms": chance.choice((20, 50, 100, 250)),
            "threads": chance.randint(2, 6), "cgroup": _path(chance), "service": _name(chance),
        },
    ),
    "memory-limit-reclaim": HostFault(
        cause="cgroup-memory-reclaim", entity_kind="cgroup", runs=4, controllers=("memory",), start=_memory_reclaim,
        values=lambda chance: {
            "limit_mb": chance.randint(12, 100), "cgroup": _path(chance), "service": _name(chance),
        },
    ),
    "memory-limit-kill": HostFault(
        cause="cgroup-memory-limit", entity_kind="cgroup", runs=4, controllers=("memory",), start=_memory_kill,
        values=lambda chance: {
            "limit_mb": chance.randint(8, 200), "cgroup": _path(chance), "service": _name(chance),
        },
    ),
    "pids": HostFault(
        cause="cgroup-pids-limit", entity_kind="cgroup", runs=3, controllers=("pids",), start=_pids,
        values=lambda chance: {
            "pids_max": chance.randint(5, 200), "cgroup": _path(chance), "service": _name(chance),
        },
    ),
    "io-limit": HostFault(
        cause="cgroup-io-limit", entity_kind="cgroup", runs=3, controllers=("io|blkio",), start=_io,
        values=lambda chance: {
            "kb_s": chance.choice((256, 1024, 4096)), "cgroup": _path(chance), "service": _name(chance),
        },
    ),
    "neighbour": HostFault(
        cause="cpu-noisy-neighbour", entity_kind="cgroup", runs=3, controllers=("cpu",), start=_neighbour,
        values=lambda chance: {
            "threads": chance.randint(4, 16), "weight": chance.choice((400, 1000, 5000)), "cgroup": _path(chance),
            "victim_cgroup": f"/{NAME}/payment-{chance.getrandbits(16):04x}.service", "service": _name(chance),
        },
    ),
    "futex": HostFault(
        cause="user-lock-contention", entity_kind="process", runs=2, controllers=(),
        start=_program("futex", "threads", "hold_us"),
        values=lambda chance: {
            "threads": chance.randint(4, 32), "hold_us": chance.randint(100, 5000), "service": _name(chance),
        },
    ),
    "zombies": HostFault(
        cause="zombie-buildup", entity_kind="process", runs=2, controllers=(), start=_program("zombies", "count"),
        values=lambda chance: {"count": chance.randint(50, 400), "service": _name(chance)},
    ),
    "descriptors": HostFault(
        cause="process-fd-limit", entity_kind="process", runs=2, controllers=(),
        start=_program("descriptors", "count"),
        values=lambda chance: {"count": chance.randint(64, 4000), "service": _name(chance)},
    ),
    "overload": HostFault(
        cause="cpu-run-queue-overload", entity_kind="process", runs=2, controllers=(),
        start=_program("spin", "threads"),
        values=lambda chance: {"threads": chance.randint(12, 60), "service": _name(chance)},
    ),
}  # fmt: skip
