"""What is under home/vm: which machines run, and what may be removed.

Machines are found by their folders and proved by /proc: a folder whose QEMU does not run any more, or
whose number now belongs to another process, is a leftover.
"""

import fcntl
import os
import shutil
import signal
import time
from pathlib import Path

import msgspec

from kernward.records.machines import Cleaned, RunningMachine
from kernward.vm.bed import process_name


def running(home: Path) -> list[RunningMachine]:
    """The machines that run now, the oldest first."""
    found = [machine for folder in _folders(home) if (machine := _alive(folder)) is not None]
    return sorted(found, key=lambda machine: machine.since_unix_s)


def stop(machine: RunningMachine) -> None:
    """End a machine. Its owner hears of it as of a machine that was lost."""
    try:
        process = os.pidfd_open(machine.pid)
    except ProcessLookupError:
        return
    try:
        # The number may have been given to another process since it was looked up.
        if process_name(machine.id) in _arguments(machine.pid):
            signal.pidfd_send_signal(process, signal.SIGTERM)
    except ProcessLookupError:
        pass
    finally:
        os.close(process)


def clean(home: Path) -> Cleaned:
    """Remove folders of machines that run no more, the snapshots that nobody uses, and images that are kept.

    All of them are made again when they are needed.
    """
    machines = snapshots = in_use = size = 0
    for folder in _folders(home):
        if _alive(folder) is None and not _owned(folder):
            size += _size(folder)
            shutil.rmtree(folder, ignore_errors=True)
            machines += 1
    place = home / "vm" / "snapshots"
    for lock in sorted(place.glob("*.lock")) if place.is_dir() else ():
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                in_use += 1
                continue
            folder = lock.with_suffix("")
            if folder.is_dir():
                size += _size(folder)
                shutil.rmtree(folder, ignore_errors=True)
                snapshots += 1
    images = 0
    if not running(home):  # else one of them may be about to open its image
        for place in (home / "vm" / name for name in ("images", "roots", "installed")):
            for path in sorted(place.iterdir()) if place.is_dir() else ():
                if path.is_file() and not path.name.startswith("."):
                    size += path.stat().st_blocks * 512
                    path.unlink()
                    images += 1
    return Cleaned(machines, snapshots, images, in_use, size)


def _folders(home: Path) -> list[Path]:
    place = home / "vm" / "run"
    return sorted(path for path in place.iterdir() if path.is_dir()) if place.is_dir() else []


def _about(folder: Path) -> RunningMachine | None:
    try:
        return msgspec.json.decode((folder / "about.json").read_bytes(), type=RunningMachine)
    except (OSError, msgspec.DecodeError):
        return None


def _alive(folder: Path) -> RunningMachine | None:
    about = _about(folder)
    return about if about is not None and process_name(about.id) in _arguments(about.pid) else None


def _owned(folder: Path) -> bool:
    """Whether a folder without a machine may belong to one that is just starting or ending."""
    about = _about(folder)
    if about is None:
        return folder.stat().st_mtime > time.time() - 60
    return Path(f"/proc/{about.owner_pid}").exists() and folder.stat().st_mtime > time.time() - 60


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _size(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
