"""The folder below which everything is read: "/" on this machine, a copied tree or a sosreport elsewhere.

Files are read whole, up to a limit, in as few system calls as that takes. What cannot be read raises
Unavailable with the reason, which the root also keeps, so that a check can say what it did not see. In a
tree that is not "/" no name leads out of the tree.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernward.records.errors import InputError

if TYPE_CHECKING:
    from kernward.collectors.left_behind import Helper

# The longest of them, /proc/interrupts of a machine with hundreds of CPUs, has a few megabytes.
LIMIT_BYTES = 16 << 20
# Reasons kept; a machine on which more files are missing has some other problem.
REASONS = 500
_PIECE = 1 << 16
# A file that is made record by record hands out as many whole records as fit a page (seq_read_iter() in
# fs/seq_file.c), so that anything near a page may have more behind it. No record fills three quarters of one.
_SURELY_ALL = 1024
# A process that ended between its listing and its reading, which is no defect.
GONE = frozenset({errno.ENOENT, errno.ESRCH, errno.ENODEV})
_REASONS = {
    errno.ENOENT: "there is no such file",
    errno.ESRCH: "the process has ended",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted",
    errno.ENODEV: "there is no such device",
    errno.EOPNOTSUPP: "the kernel does not support it",
    errno.EINVAL: "the kernel does not answer (EINVAL)",
}


class Unavailable(InputError):
    """A file or a source that could not be read: `path` below the root, and `reason` in a few words."""

    def __init__(self, path: str, reason: str, *, gone: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        # It is not there, rather than there and not readable.
        self.gone = gone


class Root:
    """A folder that holds proc, sys and etc. Not thread-safe."""

    def __init__(self, path: Path | str = "/") -> None:
        self.path = str(path).rstrip("/")
        # Of files that a reader asked for and did not get: why, by path below the root.
        self.missing: dict[str, str] = {}
        # What one source has read and others of the same sample use as well; a new sample begins with none.
        self.kept: dict[str, Any] = {}
        # What a source keeps from sample to sample, so as not to do again what comes out the same.
        self.remembered: dict[str, Any] = {}
        # The child that reads what may keep its reader waiting, and whether it stays from sample to sample.
        self.helper: Helper | None = None
        self.keeps_helper = False
        self._real = os.path.realpath(self.path) if self.path else ""

    def close(self) -> None:
        """Let the helper end."""
        if self.helper is not None:
            self.helper.close()
            self.helper = None

    @property
    def live(self) -> bool:
        """Whether this is the running machine's own root."""
        return not self.path

    @property
    def knows_file_systems(self) -> bool:
        """Whether `statvfs` can tell something."""
        return self.live

    def read(self, path: str, limit_bytes: int = LIMIT_BYTES) -> bytes:
        """The file's bytes; raises Unavailable. `path` begins with a slash."""
        try:
            file = os.open(self._inside(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise self._unavailable(path, error) from None
        try:
            data = os.read(file, _PIECE)
            if len(data) < _SURELY_ALL:
                return data
            pieces = [data]
            size = len(data)
            while data and size < limit_bytes:
                data = os.read(file, _PIECE)
                pieces.append(data)
                size += len(data)
            if size >= limit_bytes:
                raise self._refused(path, f"it is longer than {limit_bytes} bytes")
            return b"".join(pieces)
        except OSError as error:
            raise self._unavailable(path, error) from None
        finally:
            os.close(file)

    def read_or_none(self, path: str, limit_bytes: int = LIMIT_BYTES) -> bytes | None:
        """The file's bytes, None when it cannot be read; the reason is kept in `missing`."""
        try:
            return self.read(path, limit_bytes)
        except Unavailable as error:
            if len(self.missing) < REASONS:
                self.missing[path] = error.reason
            return None

    def number(self, path: str) -> int | None:
        """The whole number that the file holds; None when there is none, with the reason in `missing`."""
        data = self.read_or_none(path, 4096)
        if data is None:
            return None
        try:
            found = int(data)
            if -1 << 63 <= found < 1 << 64:
                return found
            raise ValueError
        except ValueError:
            if len(self.missing) < REASONS:
                self.missing[path] = "it holds no whole number"
            return None

    def text(self, path: str) -> str | None:
        """The file's text without the line's end; None when it cannot be read. What is no UTF-8 is \\xNN."""
        data = self.read_or_none(path, 1 << 16)
        return None if data is None else data.decode("utf-8", "backslashreplace").rstrip("\n")

    def optional(self, path: str) -> str | None:
        """The text of a short file that only some kernels or devices have; None elsewhere, which is no gap."""
        try:
            return self.read(path, 1 << 16).decode("utf-8", "surrogateescape").strip()
        except Unavailable:
            return None

    def optional_number(self, path: str, base: int = 10) -> int | None:
        """The number in such a file."""
        try:
            return int(self.optional(path) or "", base)
        except ValueError:
            return None

    def optional_names(self, folder: str) -> list[str]:
        """The names in such a folder, in their order; none where there is no such folder."""
        try:
            return sorted(self.names(folder))
        except Unavailable:
            return []

    def names(self, folder: str) -> list[str]:
        """The names in a folder, in the folder's order; raises Unavailable."""
        try:
            return os.listdir(self._inside(folder))
        except OSError as error:
            raise self._unavailable(folder, error) from None

    def folders(self, folder: str) -> Iterator[str]:
        """The names of the folders in a folder, links to folders not among them; raises Unavailable."""
        try:
            with os.scandir(self._inside(folder)) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        yield entry.name
        except OSError as error:
            raise self._unavailable(folder, error) from None

    def link(self, path: str) -> str | None:
        """What a symbolic link says, unfollowed; None when it is none."""
        try:
            return os.readlink(self.path + path)
        except (OSError, ValueError):
            return None

    def exists(self, path: str) -> bool:
        """Whether there is something of this name."""
        try:
            return os.path.exists(self._inside(path))
        except (OSError, ValueError):
            return False

    def statvfs(self, path: str) -> os.statvfs_result:
        """The file system's figures; only on the live machine."""
        if not self.live:
            raise self._refused(path, "only the running machine can be asked about its file systems")
        try:
            return os.statvfs(path)
        except OSError as error:
            raise self._unavailable(path, error) from None

    def _inside(self, path: str) -> str:
        if not self.path:
            return path
        real = os.path.realpath(self.path + path)
        if real != self._real and not real.startswith(self._real + "/"):
            raise OSError(errno.EACCES, "it leads out of the tree")
        return real

    def _unavailable(self, path: str, error: OSError) -> Unavailable:
        number = error.errno or 0
        return Unavailable(
            path, _REASONS.get(number, error.strerror or "it cannot be read"), gone=number in GONE
        )

    def _refused(self, path: str, reason: str) -> Unavailable:
        return Unavailable(path, reason)
