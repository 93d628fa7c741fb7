"""Compressed modules and kernels: the same bytes come out, and never more than allowed."""

import contextlib
import gzip
import lzma
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kernward.kernels import lz4
from kernward.kernels.decompress import decompressed

COMPRESS = {
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd of unknown size": zstandard.ZstdCompressor(write_content_size=False).compress,
    "gzip": gzip.compress,
    "nothing": lambda data: data,
}


@pytest.mark.parametrize("how", COMPRESS)
@given(data=st.binary(max_size=2000))
def test_what_was_compressed_comes_out(how: str, data: bytes) -> None:
    data = b"\x7fELF" + data
    assert decompressed(COMPRESS[how](data)) == data


@pytest.mark.parametrize("how", COMPRESS)
def test_more_than_allowed_is_refused(how: str) -> None:
    with pytest.raises(ValueError, match="more than 1 MB"):
        decompressed(COMPRESS[how](bytes(5 << 20)), 1 << 20)


@pytest.mark.parametrize("how", ["xz", "zstd", "gzip"])
def test_what_ends_early_is_refused(how: str) -> None:
    whole = COMPRESS[how](zlib.compress(bytes(range(256)) * 100))
    with pytest.raises(ValueError, match="ends early"):
        decompressed(whole[: len(whole) // 2])


@given(
    data=st.binary(max_size=300),
    start=st.sampled_from([b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x1f\x8b\x08", lz4.MAGIC]),
)
def test_noise_gives_bytes_or_an_error(data: bytes, start: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(decompressed(start + data, 1 << 20), bytes)


def test_what_follows_the_compressed_data_is_left_alone() -> None:
    for how in ("xz", "zstd", "gzip"):
        assert decompressed(COMPRESS[how](b"kernel") + b"\x06\0\0\0") == b"kernel"


def test_legacy_lz4_is_decompressed_with_matches_that_overlap() -> None:
    # Literals "ab", a match of 10 at distance 2; then the literals "!".
    block = bytes([0x26, *b"ab", 2, 0, 0x10, *b"!"])
    frame = lz4.MAGIC + len(block).to_bytes(4, "little") + block
    assert lz4.decompressed(frame + b"\x0d\0\0\0", 100) == b"ab" * 6 + b"!"
    with pytest.raises(ValueError, match="more than"):
        lz4.decompressed(frame, 5)
