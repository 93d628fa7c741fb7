"""Sections of an ELF file: as much as modules and kernel images need, little-endian, 32 and 64 bits.

Reads from memory or a mapped file without copying. Offsets that point outside the file raise
ValueError; nothing is believed about counts beyond what the file can hold.
"""

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Buffer = bytes | memoryview

_MAGIC = b"\x7fELF"
_NOBITS = 8
NOTE = 7
# Kernels have about a hundred sections; modules built with one section a function have tens of thousands.
_SECTIONS = 200_000
_NAME_BYTES = 256


class Section:
    """One section: its name, its type and where it lies."""

    __slots__ = ("kind", "name", "offset", "size_bytes")

    def __init__(self, name: str, kind: int, offset: int, size_bytes: int) -> None:
        self.name, self.kind, self.offset, self.size_bytes = name, kind, offset, size_bytes


def sections(elf: Buffer) -> Iterator[Section]:
    """The sections of a file, in order."""
    if bytes(elf[:4]) != _MAGIC:
        raise ValueError("not an ELF file")
    if len(elf) < 64 or elf[5] != 1:
        raise ValueError("not a little-endian ELF file")
    wide = elf[4] == 2
    table = struct.unpack_from("<Q", elf, 0x28)[0] if wide else struct.unpack_from("<I", elf, 0x20)[0]
    size, count, names = struct.unpack_from("<HHH", elf, 0x3A if wide else 0x2E)
    if not count:
        return
    if size < (64 if wide else 40) or count > _SECTIONS or table + size * count > len(elf):
        raise ValueError("the section table lies outside the ELF file")

    def header(number: int) -> tuple[int, int, int, int]:
        at = table + number * size
        name, kind = struct.unpack_from("<II", elf, at)
        offset, length = (
            struct.unpack_from("<QQ", elf, at + 24) if wide else struct.unpack_from("<II", elf, at + 16)
        )
        return name, kind, offset, length

    if names >= count:
        raise ValueError("the ELF file has no section names")
    _, _, strings, strings_length = header(names)
    if strings + strings_length > len(elf):
        raise ValueError("the section names lie outside the ELF file")
    for number in range(count):
        name, kind, offset, length = header(number)
        text = bytes(elf[strings + name : min(strings + name + _NAME_BYTES, strings + strings_length)])
        yield Section(text.split(b"\0", 1)[0].decode("ascii", "replace"), kind, offset, length)


@contextmanager
def mapped(path: Path) -> Iterator[memoryview]:
    """A file of any size, without reading it. Raises OSError, and ValueError for an empty one."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        view = memoryview(content)
        try:
            yield view
        finally:
            view.release()


def has_debug_information(path: Path) -> bool:
    """Whether a file is an ELF file with DWARF in it."""
    try:
        with mapped(path) as file:
            return any(each.name == ".debug_info" for each in sections(file))
    except (OSError, ValueError):
        return False


def section(elf: Buffer, name: str) -> bytes | None:
    """The content of the first section of this name; None where there is none."""
    for each in sections(elf):
        if each.name == name:
            return content(elf, each)
    return None


def content(elf: Buffer, of: Section) -> bytes:
    """A section's bytes."""
    if of.kind == _NOBITS:
        return b""
    if of.offset + of.size_bytes > len(elf):
        raise ValueError(f"section {of.name} lies outside the ELF file")
    return bytes(elf[of.offset : of.offset + of.size_bytes])
