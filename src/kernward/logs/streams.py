"""Byte streams: where a source's bytes come from, and what is known of them on the way."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable
from io import BufferedIOBase, BufferedReader, FileIO, RawIOBase
from pathlib import Path
from typing import Protocol


class Stream(Protocol):
    """Bytes in order."""

    def readinto(self, view: memoryview) -> int:
        """Fills the view as far as there is data at once; 0 at the end."""
        ...


class Damage(Exception):
    """The stream cannot be read on; the text says why, and where in the compressed bytes."""


class FileStream:
    """A file's own bytes. The file is closed at its end, or when nobody has the stream any more."""

    def __init__(self, file: RawIOBase | BufferedIOBase, *, close: bool = True) -> None:
        self._file = file
        self._close = close

    def readinto(self, view: memoryview) -> int:
        if self._file.closed:
            return 0
        try:
            try:
                count = self._file.readinto(view) or 0
            except BrokenPipeError:
                # /dev/kmsg: records were overwritten before they were read; the next are there.
                count = self._file.readinto(view) or 0
        except OSError as error:
            raise Damage(f"reading failed ({error.strerror or error})") from error
        if not count and view and self._close:
            self._file.close()
        return count

    def __del__(self) -> None:
        if self._close:
            self._file.close()


def open_file(path: Path) -> FileStream:
    """Opens a file; raises OSError. A device is read up to what it has now."""
    if not stat.S_ISCHR(path.stat().st_mode):
        return FileStream(FileIO(path, "rb"))
    # /dev/kmsg gives whole records only, so what reads it must have room for one.
    device = FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    return FileStream(BufferedReader(device, 1 << 16))


class Joined:
    """Several streams, one after the other; each is opened when the one before has ended."""

    def __init__(self, streams: Iterable[Callable[[], Stream]]) -> None:
        self._waiting = iter(streams)
        self._stream: Stream | None = None

    def readinto(self, view: memoryview) -> int:
        while True:
            if self._stream is None:
                opened = next(self._waiting, None)
                if opened is None:
                    return 0
                self._stream = opened()
            count = self._stream.readinto(view)
            if count:
                return count
            self._stream = None


class Peeked:
    """A stream whose first bytes were looked at and are read again."""

    def __init__(self, stream: Stream, size: int) -> None:
        self._stream = stream
        head = bytearray(size)
        filled = 0
        self._damage = ""  # only its text: the exception itself would keep the file from being closed
        view = memoryview(head)
        try:
            while filled < size:
                count = stream.readinto(view[filled:])
                if not count:
                    break
                filled += count
        except Damage as damage:
            self._damage = str(damage)
        self.head = bytes(view[:filled])
        self._rest = memoryview(self.head)

    def readinto(self, view: memoryview) -> int:
        if self._rest:
            count = min(len(view), len(self._rest))
            view[:count] = self._rest[:count]
            self._rest = self._rest[count:]
            return count
        if self._damage:
            raise Damage(self._damage)
        return self._stream.readinto(view)


class Hashed:
    """Passes bytes on and keeps their SHA-256."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def readinto(self, view: memoryview) -> int:
        count = self._stream.readinto(view)
        self.sha256.update(view[:count])
        return count
