"""The kernel's tracing file system, whether it is mounted or not.

Where nobody mounted it, it is opened as a mount that has no place in the tree (fsopen(2) and fsmount(2),
since Linux 5.2), so that nobody else sees anything of it, and it is gone when it is closed.
"""

import contextlib
import ctypes
import os
import re
from collections.abc import Iterator

from kernward.records.errors import InputError

_PLACES = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
# The same on all architectures; see include/uapi/asm-generic/unistd.h.
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_CREATE = 6  # FSCONFIG_CMD_CREATE
_LIMIT_BYTES = 1 << 20
# `	field:pid_t next_pid;	offset:56;	size:4;	signed:1;`
_FIELD = re.compile(r"field:[^;]*?(\w+)(?:\[[^\]]*\])?;\s*offset:(\d+);\s*size:(\d+);")


class NoTracefs(InputError):
    """It cannot be had, or lacks an event; in one sentence."""


class Tracefs:
    """An open root of the file system."""

    def __init__(self) -> None:
        self._folder = _opened()

    def close(self) -> None:
        """Let go of it."""
        os.close(self._folder)

    def read(self, path: str) -> str:
        """A small file of it; raises NoTracefs."""
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._folder)
        except OSError as error:
            raise NoTracefs(f"tracefs, {path}: {error.strerror}") from None
        with os.fdopen(file, "rb") as stream:
            return stream.read(_LIMIT_BYTES).decode("utf-8", "replace")

    def write(self, path: str, text: str) -> None:
        """Set a file of it; raises NoTracefs."""
        try:
            file = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._folder)
            with os.fdopen(file, "wb") as stream:
                stream.write(text.encode())
        except OSError as error:
            raise NoTracefs(f"tracefs, {path}: {error.strerror}") from None

    def open(self, path: str) -> int:
        """A file descriptor that never waits; raises NoTracefs."""
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=self._folder)
        except OSError as error:
            raise NoTracefs(f"tracefs, {path}: {error.strerror}") from None

    def names(self, path: str) -> list[str]:
        """What is in a folder of it; nothing when there is no such folder."""
        try:
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._folder)
        except OSError:
            return []
        try:
            return os.listdir(folder)
        finally:
            os.close(folder)

    def make_folder(self, path: str) -> None:
        """An instance, for example; raises NoTracefs."""
        try:
            os.mkdir(path, dir_fd=self._folder)
        except OSError as error:
            raise NoTracefs(f"tracefs, {path}: {error.strerror}") from None

    def remove_folder(self, path: str) -> None:
        """Remove it; nothing is wrong when it is gone."""
        with contextlib.suppress(OSError):
            os.rmdir(path, dir_fd=self._folder)

    def event_id(self, group: str, name: str) -> int:
        """The number by which perf knows an event; raises NoTracefs."""
        try:
            return int(self.read(f"events/{group}/{name}/id"))
        except ValueError:
            raise NoTracefs(f"tracefs: the event {group}:{name} has no number") from None

    def fields(self, group: str, name: str) -> dict[str, int]:
        """Where each field of an event begins in its record; raises NoTracefs."""
        return {
            found[1]: int(found[2]) for found in _FIELD.finditer(self.read(f"events/{group}/{name}/format"))
        }


@contextlib.contextmanager
def tracefs() -> Iterator[Tracefs]:
    """An open one for a while; raises NoTracefs."""
    found = Tracefs()
    try:
        yield found
    finally:
        found.close()


def _opened() -> int:
    for place in _PLACES:
        with contextlib.suppress(OSError):
            if os.path.isdir(f"{place}/events"):
                return os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    context = libc.syscall(ctypes.c_long(_FSOPEN), b"tracefs", ctypes.c_uint(1))
    if context < 0:
        raise NoTracefs(f"tracefs is not mounted and cannot be: {os.strerror(ctypes.get_errno())}")
    try:
        if libc.syscall(ctypes.c_long(_FSCONFIG), context, ctypes.c_uint(_CREATE), None, None, 0) < 0:
            raise NoTracefs(f"tracefs is not mounted and cannot be: {os.strerror(ctypes.get_errno())}")
        mounted: int = libc.syscall(ctypes.c_long(_FSMOUNT), context, ctypes.c_uint(1), ctypes.c_uint(0))
        if mounted < 0:
            raise NoTracefs(f"tracefs is not mounted and cannot be: {os.strerror(ctypes.get_errno())}")
        return mounted
    finally:
        os.close(context)
