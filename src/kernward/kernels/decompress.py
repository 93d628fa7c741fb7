"""The bytes of a module or of a kernel in its image, whatever they are compressed with.

The content decides, not the name. Output is bounded: a compressed file that grows beyond the bound
raises ValueError before it fills the memory.
"""

import lzma
import zlib
from typing import Protocol

import zstandard

from kernward.kernels import lz4

# The largest modules (amdgpu with debug information) have about 600 MB.
LIMIT_BYTES = 1 << 30
# Dictionaries of xz and windows of zstd; the kernel's own build uses 2 MB and 128 MB at most.
_WINDOW_BYTES = 256 << 20
# Four bytes of zstd may stand for 128 KB: what one step gives stays within 128 MB.
_ZSTD_STEP_BYTES = 4096


class _Decompressor(Protocol):
    """What the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def decompressed(data: bytes, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """The content of a file. Raises ValueError for damaged data and for more than `limit_bytes`."""
    if data[:6] == b"\xfd7zXZ\0":
        return _lzma(data, limit_bytes)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return _zstd(data, limit_bytes)
    if data[:4] == lz4.MAGIC:
        return lz4.decompressed(data, limit_bytes)
    if data[:2] == b"\x1f\x8b":
        return _gzip(data, limit_bytes)
    if len(data) > limit_bytes:
        raise ValueError(_too_much(limit_bytes))
    return data


def _too_much(limit_bytes: int) -> str:
    return f"it has more than {limit_bytes >> 20} MB"


def _lzma(data: bytes, limit_bytes: int) -> bytes:
    decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_WINDOW_BYTES)
    return _whole(decompressor, "xz", data, limit_bytes)


def _gzip(data: bytes, limit_bytes: int) -> bytes:
    return _whole(zlib.decompressobj(31), "gzip", data, limit_bytes)


def _whole(decompressor: _Decompressor, name: str, data: bytes, limit_bytes: int) -> bytes:
    try:
        out = decompressor.decompress(data, limit_bytes + 1)
    except (lzma.LZMAError, zlib.error) as error:
        raise ValueError(f"its {name} data is damaged ({error})") from error
    if len(out) > limit_bytes:
        raise ValueError(_too_much(limit_bytes))
    if not decompressor.eof:
        raise ValueError(f"its {name} data ends early")
    return out


def _zstd(data: bytes, limit_bytes: int) -> bytes:
    pieces: list[bytes] = []
    length = 0
    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
    try:
        for start in range(0, len(data), _ZSTD_STEP_BYTES):
            piece = decompressor.decompress(data[start : start + _ZSTD_STEP_BYTES])
            length += len(piece)
            if length > limit_bytes:
                raise ValueError(_too_much(limit_bytes))
            pieces.append(piece)
            if decompressor.eof:
                return b"".join(pieces)
    except zstandard.ZstdError as error:
        raise ValueError(f"its zstd data is damaged ({error})") from error
    raise ValueError("its zstd data ends early")
