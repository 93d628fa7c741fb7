"""The header of an x86 kernel image, which names the kernel inside.

The layout is that of the boot protocol (Documentation/arch/x86/boot.rst): "HdrS" at 0x202, and at
0x20e a pointer to the text of arch/x86/boot/version.c. Only the setup part of the file is read.
"""

import re
from pathlib import Path

import msgspec

from kernward.kernels.decompress import decompressed
from kernward.records.errors import InputError

# The setup part has at most 255 sectors behind the boot sector.
_SETUP_BYTES = 256 * 512
_MAGIC_AT = 0x202
_SECTORS_AT = 0x1F1
_VERSION_POINTER_AT = 0x20E
# UTS_RELEASE and UTS_VERSION have 64 bytes each (include/linux/uts.h); the builder's name is between them.
_TEXT_BYTES = 512
# Where the compressed kernel lies, since protocol 2.08.
_PAYLOAD_AT = 0x248

# A release becomes part of paths and of shell words.
RELEASE = re.compile(r"[0-9][A-Za-z0-9._+~-]{0,63}")


class ImageHeader(msgspec.Struct, frozen=True):
    """What a kernel image says of itself: `uname -r`, and `uname -v` where it is given."""

    release: str
    version: str | None


def is_image(path: Path) -> bool:
    """Whether the file has the header of an x86 kernel image."""
    try:
        with path.open("rb") as file:
            return file.read(_MAGIC_AT + 4)[_MAGIC_AT:] == b"HdrS"
    except OSError:
        return False


def read_header(path: Path) -> ImageHeader:
    """The header of a bzImage. Raises InputError for anything else."""
    try:
        with path.open("rb") as file:
            setup = file.read(_SETUP_BYTES)
    except OSError as error:
        raise InputError(f"{path}: the kernel image cannot be read: {error.strerror or error}") from error
    if setup[_MAGIC_AT : _MAGIC_AT + 4] != b"HdrS":
        raise InputError(f"{path}: not an x86 kernel image: the setup header (HdrS at 0x202) is missing")
    pointer = int.from_bytes(setup[_VERSION_POINTER_AT : _VERSION_POINTER_AT + 2], "little")
    # Protocols before 2.00 had 0 for four sectors.
    end = ((setup[_SECTORS_AT] or 4) + 1) * 512
    start = pointer + 512
    if pointer == 0 or start >= min(end, len(setup)):
        raise InputError(
            f"{path}: the kernel image does not say its release (pointer 0x{pointer:x} at 0x20e)"
        )
    text = setup[start : min(start + _TEXT_BYTES, end)].split(b"\0", 1)[0].decode("ascii", "replace")
    release, _, rest = text.partition(" ")
    if not RELEASE.fullmatch(release):
        raise InputError(f"{path}: the kernel image has no release at 0x{start:x}, but {text[:60]!r}")
    number = rest.find("#")
    return ImageHeader(release, rest[number:].strip() if number >= 0 else None)


def vmlinux_inside(data: bytes) -> bytes:
    """The ELF kernel that a bzImage carries, without its symbols and debug information.

    Raises ValueError where it is compressed in a way that is not read here (LZO, bzip2, LZMA) or is
    damaged.
    """
    if data[_MAGIC_AT : _MAGIC_AT + 4] != b"HdrS" or len(data) < _PAYLOAD_AT + 8:
        raise ValueError("it has no x86 setup header")
    offset = int.from_bytes(data[_PAYLOAD_AT : _PAYLOAD_AT + 4], "little")
    length = int.from_bytes(data[_PAYLOAD_AT + 4 : _PAYLOAD_AT + 8], "little")
    start = ((data[_SECTORS_AT] or 4) + 1) * 512 + offset
    if length == 0 or start + length > len(data):
        raise ValueError("the compressed kernel lies outside the file")
    # The build puts the size of what comes out behind the compressed data (scripts/Makefile.lib).
    kernel = decompressed(data[start : start + length])
    if kernel[:4] != b"\x7fELF":
        raise ValueError(
            f"it is compressed in a way that is not read here (it begins with {kernel[:4].hex()})"
        )
    return kernel
