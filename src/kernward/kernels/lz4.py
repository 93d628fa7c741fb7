"""LZ4's legacy frame, which `lz4 -l` writes and Debian's 6.1 kernel images are compressed with.

Frame: the magic number, then blocks, each preceded by its size, each giving at most 8 MB
(lib/decompress_unlz4.c). In Python, so a few seconds for a kernel: nothing on the way to starting a
machine needs it.
"""

MAGIC = b"\x02\x21\x4c\x18"


def decompressed(data: bytes, limit_bytes: int) -> bytes:
    """The content of a frame. Raises ValueError for damaged data and for more than `limit_bytes`."""
    if data[:4] != MAGIC:
        raise ValueError("it is no legacy LZ4 frame")
    out = bytearray()
    position = 4
    while position + 4 <= len(data):
        size = int.from_bytes(data[position : position + 4], "little")
        position += 4
        # The kernel's build appends the size of the whole output, which is no block.
        if size == 0 or position + size > len(data):
            break
        try:
            _block(data[position : position + size], out, limit_bytes)
        except IndexError as error:
            raise ValueError("its LZ4 data ends early") from error
        position += size
    return bytes(out)


def _block(block: bytes, out: bytearray, limit_bytes: int) -> None:
    position, end = 0, len(block)
    while position < end:
        token = block[position]
        position += 1
        length = token >> 4
        if length == 15:
            length, position = _long(block, position)
        out += block[position : position + length]
        position += length
        if position >= end:
            return
        distance = block[position] | block[position + 1] << 8
        position += 2
        length = token & 15
        if length == 15:
            length, position = _long(block, position)
        length += 4
        start = len(out) - distance
        if distance == 0 or start < 0:
            raise ValueError("its LZ4 data refers to what is not there")
        if len(out) + length > limit_bytes:
            raise ValueError(f"it has more than {limit_bytes >> 20} MB")
        if distance >= length:
            out += out[start : start + length]
        else:
            part = bytes(out[start:])
            out += (part * (length // distance + 1))[:length]


def _long(block: bytes, position: int) -> tuple[int, int]:
    """A length that goes on over bytes of 255, and the position behind it."""
    length = 15
    while True:
        more = block[position]
        position += 1
        length += more
        if more != 255:
            return length, position
