"""Undoing compression as a stream is read; it is recognised by its magic bytes.

The memory this takes is bounded whatever the input claims: output is asked for in pieces, windows
are limited, and a stream that grows beyond any log's compression ratio is stopped.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

import zstandard

from kernward.logs.streams import Damage, Peeked, Stream

_PIECE = 1 << 16
# Real logs of one line repeated a million times do reach several hundred to one.
BOMB_RATIO = 1000
BOMB_FREE_BYTES = 64 << 20
_WINDOW_BYTES = 128 << 20
# One step of zstd may give 128 KB for four bytes, so steps are kept short.
_ZSTD_STEP = 2048


class _Codec(Protocol):
    # A decompressor of the standard library's shape (bz2, lzma).
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class _Zstandard:
    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
        self._input = b""
        self._output = b""
        self._rest = b""

    @property
    def eof(self) -> bool:
        return self._inner.eof and not self._output

    @property
    def needs_input(self) -> bool:
        return not self._input and not self._output

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data + self._input

    def decompress(self, data: bytes, max_length: int) -> bytes:
        self._input += data
        if not self._output and not self._inner.eof:
            step, self._input = self._input[:_ZSTD_STEP], self._input[_ZSTD_STEP:]
            self._output = self._inner.decompress(step)
        given, self._output = self._output[:max_length], self._output[max_length:]
        return given


_CODECS: tuple[tuple[str, tuple[bytes, ...], Callable[[], _Codec]], ...] = (
    ("gzip", (b"\x1f\x8b\x08",), _Gzip),
    (
        "bzip2",
        # A block's magic number, or that of the end, which an empty stream has at once.
        tuple(b"BZh%d%b" % (n, m) for n in range(1, 10) for m in (b"1AY&SY", b"\x17rE8P\x90")),
        bz2.BZ2Decompressor,
    ),
    ("xz", (b"\xfd7zXZ\0",), lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=2 * _WINDOW_BYTES)),
    (
        "zstd",
        (b"\x28\xb5\x2f\xfd", *(b"%c\x2a\x4d\x18" % number for number in range(0x50, 0x60))),
        _Zstandard,
    ),
)
_UNREAD = {
    b"\x04\x22\x4d\x18": "lz4",
    b"\x1f\x9d": "compress (.Z)",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf": "7-Zip",
}
LONGEST_MAGIC = 10


def compression(head: bytes) -> str | None:
    """What the stream that begins so is compressed with; None if it is not."""
    return next((name for name, magics, _ in _CODECS if head.startswith(magics)), None)


def unread_compression(head: bytes) -> str | None:
    """The name of a compression that is not read here."""
    return next((name for magic, name in _UNREAD.items() if head.startswith(magic)), None)


class Decompressed:
    """The bytes that a compressed stream holds; several members in a row are read as one."""

    def __init__(self, stream: Stream, name: str) -> None:
        self._stream = stream
        self._name = name
        self._magics, self._start = next((m, s) for n, m, s in _CODECS if n == name)
        self._codec = self._start()
        self._packed = bytearray(_PIECE)
        self._pending = b""
        self._taken = 0
        self._given = 0
        self._done = False

    def readinto(self, view: memoryview) -> int:
        while not self._done:
            if not self._pending and self._codec.needs_input and not self._codec.eof:
                self._pending = self._more()
                if not self._pending:
                    self._done = True
                    raise self._damaged("it ends in the middle; it was cut off")
            try:
                given = self._codec.decompress(self._pending, min(len(view), _PIECE))
            except (
                zlib.error,
                lzma.LZMAError,
                OSError,
                ValueError,
                EOFError,
                MemoryError,
                zstandard.ZstdError,
            ) as error:
                self._done = True
                raise self._damaged(f"it is damaged ({error})") from error
            self._pending = b""
            if self._codec.eof:
                self._next_member()
            if given:
                view[: len(given)] = given
                self._given += len(given)
                if self._given > BOMB_FREE_BYTES and self._given > BOMB_RATIO * self._taken:
                    self._done = True
                    raise self._damaged(
                        f"it grows to more than {BOMB_RATIO} times its size, which no log does"
                    )
                return len(given)
        return 0

    def _more(self) -> bytes:
        count = self._stream.readinto(memoryview(self._packed))
        self._taken += count
        return bytes(self._packed[:count])

    def _next_member(self) -> None:
        rest = self._codec.unused_data
        while len(rest) < LONGEST_MAGIC:
            more = self._more()
            if not more:
                break
            rest += more
        if rest.startswith(self._magics):
            self._codec = self._start()
            self._pending = rest
        else:
            # Padding (NULs of a tape block) and trailing garbage are left out, as gzip does.
            self._done = True

    def _damaged(self, what: str) -> Damage:
        return Damage(f"at compressed byte {self._taken} {what}; a whole {self._name} stream was expected")


class Inflated:
    """A pstore record that is still compressed as the kernel does it: deflate without any header."""

    _LARGEST_PACKED = 1 << 20
    _LARGEST = 4 << 20

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._text: memoryview | None = None

    def readinto(self, view: memoryview) -> int:
        if self._text is None:
            self._text = memoryview(self._inflate(Peeked(self._stream, self._LARGEST_PACKED).head))
        count = min(len(view), len(self._text))
        view[:count] = self._text[:count]
        self._text = self._text[count:]
        return count

    def _inflate(self, packed: bytes) -> bytes:
        # fs/pstore/platform.c: zlib through the crypto API, with or without zlib's own header.
        for bits in (-15, 15):
            codec = zlib.decompressobj(bits)
            try:
                return codec.decompress(packed, self._LARGEST)
            except zlib.error:
                continue
        raise Damage("it is compressed with something other than deflate; rename it if it is not compressed")
