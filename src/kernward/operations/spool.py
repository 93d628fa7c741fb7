"""Where rows and printed events wait: temporary files without a name, so that nothing is left behind.

A file is opened before processes are forked; the child writes, the parent reads, each with its own
place in the file.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode

_BUFFER = 1 << 20
_PIECE = 1 << 18


class Spool:
    """Bytes that are appended by one process and read by any, at offsets that the writer tells."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="kernward-", buffering=0)  # noqa: SIM115  closed by close
        self._waiting = bytearray()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append."""
        self._waiting += data
        self.size += len(data)
        if len(self._waiting) >= _BUFFER:
            self.flush()

    def write_row(self, row: list[Any]) -> None:
        """Append a row, to be read back by `rows`."""
        data = _encode(row)
        self.write(len(data).to_bytes(4, "little"))
        self.write(data)

    def flush(self) -> None:
        """Let other processes read what was written."""
        view = memoryview(self._waiting)
        while view:
            view = view[self._file.write(view) :]
        self._waiting = bytearray()

    def pieces(self, start: int, size: int) -> Iterator[bytes]:
        """The bytes of a stretch, piece by piece."""
        while size > 0:
            piece = os.pread(self._file.fileno(), min(size, _PIECE), start)
            if not piece:
                return
            yield piece
            start += len(piece)
            size -= len(piece)

    def rows(self, start: int, count: int) -> Iterator[list[Any]]:
        """`count` rows that begin at `start`."""
        held = b""
        at = 0

        def more(least: int) -> None:
            nonlocal held, at, start
            read = os.pread(self._file.fileno(), max(_PIECE, least), start)
            start += len(read)
            held, at = held[at:] + read, 0

        for _ in range(count):
            if len(held) - at < 4:
                more(4)
            size = int.from_bytes(held[at : at + 4], "little")
            while len(held) - at < 4 + size:
                more(4 + size)
            at += 4 + size
            yield _decode(held[at - size : at])

    def rows_at(self, start: int, count: int) -> Callable[[], Iterator[list[Any]]]:
        """`rows`, to be asked for later."""
        return lambda: self.rows(start, count)

    def close(self) -> None:
        """Give the space back."""
        self._file.close()
