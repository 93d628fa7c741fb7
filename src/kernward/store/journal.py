"""The recorder's journal: what was appended is there after kill -9, and a torn end costs only itself.

A journal is a file of frames, each with its length and its checksum, that together are one stream of zstd:
a sample repeats most of the sample before it, so it costs little. Each frame is written by one system call
before `append` returns, and after every third the kernel is told to bring them to the disk, without waiting for
it: a recorder that waited for a disk would be blind whenever the disk is slow. So an end of the process loses
nothing that was appended, and an end of the machine the last few samples.

A journal belongs to the process that holds its lock; one that nobody holds is finished, however it ended.
Nothing is ever written to a journal that was closed. Loads neither DuckDB nor Arrow nor SQLAlchemy.
"""

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO
from zlib import crc32

import zstandard

from kernward.records.errors import StoreError
from kernward.store.disk import make

SUFFIX = ".journal"
_HEAD = struct.Struct("<II")
# What is longer, packed or not, is damage. Samples of the largest machines have a few megabytes before packing.
MOST_FRAME_BYTES = 64 << 20
# In every so many appends the kernel is told to begin to write; each costs the recorder a request to the disk.
BEGUN_EVERY = 3
MAGIC = b"kernward journal 1\n"
# With a larger window more is found of what a large machine's sample repeats, but it stays in memory.
_LEVEL = 3
_WINDOW_LOG = 21
# At 4 bytes for a block of 128 kB this unpacks to 32 MB at most.
_SLICE = 1 << 10
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def folder(home: Path) -> Path:
    """Where the journals of a store lie."""
    return home / "recording"


def ulid() -> str:
    """A name that sorts by the time at which it was made (ULID: 48 bits of milliseconds, 80 of chance)."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


class Journal:
    """A journal that is being written."""

    def __init__(self, home: Path) -> None:
        self.path = folder(home) / f"{ulid()}{SUFFIX}"
        try:
            make(self.path.parent)
            # Only whoever records may read it: it holds names of processes.
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"the journal {self.path} cannot be made: {error.strerror}") from error
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self.size_bytes = 0
        self._appended = 0
        # Before packing: what a reader will have to hold.
        self.raw_bytes = 0
        parameters = zstandard.ZstdCompressionParameters.from_level(_LEVEL, window_log=_WINDOW_LOG)
        self._pack = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        self._write(MAGIC)

    def append(self, data: bytes) -> None:
        """Add a frame; raises StoreError when it cannot be written, and then the journal is to be closed."""
        packed = self._pack.compress(data) + self._pack.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        self._write(_HEAD.pack(len(packed), crc32(packed)) + packed)
        self.raw_bytes += len(data)

    @property
    def there(self) -> bool:
        """Whether the file still has its name: somebody may have removed or moved it."""
        try:
            found = os.stat(self.path)
        except OSError:
            return False
        mine = os.fstat(self._file)
        return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)

    def close(self) -> None:
        """Finish it."""
        with suppress(OSError):
            os.close(self._file)

    def _write(self, data: bytes) -> None:
        try:
            written = os.write(self._file, data)
            if written < len(data):
                # The disk is full. Half a frame in the middle would hide what follows it.
                os.ftruncate(self._file, self.size_bytes)
                raise StoreError(f"the journal {self.path} cannot be written: the disk is full")
            self._appended += 1
            if self._appended % BEGUN_EVERY == 0:
                # Begins to write back without waiting (mm/fadvise.c: generic_fadvise()).
                os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError as error:
            raise StoreError(f"the journal {self.path} cannot be written: {error.strerror}") from error
        self.size_bytes += written


def paths(home: Path) -> list[Path]:
    """The journals, the oldest first."""
    with suppress(OSError):
        return sorted(each for each in folder(home).iterdir() if each.suffix == SUFFIX)
    return []


def held(file: IO[bytes]) -> bool:
    """Whether a recorder still writes this journal. If not, it is locked for whoever asks until closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def frames(file: IO[bytes]) -> Iterator[bytes]:
    """The whole frames of a journal from its begin up to its end, or to where it is torn or damaged."""
    if file.read(len(MAGIC)) != MAGIC:
        return
    unpack = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG).decompressobj()
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        length, checksum = _HEAD.unpack(head)
        if not 0 < length <= MOST_FRAME_BYTES:
            return
        packed = file.read(length)
        if len(packed) < length or crc32(packed) != checksum:
            return
        frame = bytearray()
        try:
            # Bit by bit, since a few bytes may unpack to very many.
            for start in range(0, length, _SLICE):
                frame += unpack.decompress(packed[start : start + _SLICE])
                if len(frame) > MOST_FRAME_BYTES:
                    return
        except zstandard.ZstdError:
            return
        yield bytes(frame)
