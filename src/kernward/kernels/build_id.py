"""Build-ids: the name that the linker gives to exactly one build (ld --build-id, NT_GNU_BUILD_ID).

A running kernel shows its own in /sys/kernel/notes, a crash dump in VMCOREINFO, a module in
/sys/module/NAME/notes; debug information that does not have the same one is of another build.
"""

import struct
from pathlib import Path

from kernward.kernels import elf, image, modules
from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError

_BUILD_ID = 3
_NOTES_BYTES = 1 << 20
# A SHA-1 has 20 bytes; --build-id=0x… may have any number.
_ID_BYTES = 64


def of_kernel(kernel: Kernel) -> str | None:
    """The build-id of a kernel, from vmlinux or else from inside its image; None where it has none."""
    if kernel.symbols is not None:
        return of_vmlinux(kernel.symbols)
    try:
        return of_elf(image.vmlinux_inside(kernel.image.read_bytes()))
    except OSError as error:
        raise InputError(
            f"{kernel.image}: the kernel image cannot be read: {error.strerror or error}"
        ) from error
    except ValueError as error:
        raise InputError(f"{kernel.image}: the kernel inside the image cannot be read: {error}") from error


def of_module(kernel: Kernel, name: str) -> str | None:
    """The build-id of a module."""
    try:
        return of_elf(modules.read(kernel, name))
    except ValueError as error:
        raise InputError(f"{modules.file_of(kernel, name)}: not a kernel module: {error}") from error


def of_vmlinux(path: Path) -> str | None:
    """The build-id of an ELF file of any size. Raises InputError."""
    try:
        with elf.mapped(path) as file:
            return of_elf(file)
    except OSError as error:
        raise InputError(f"{path}: vmlinux cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path}: not a vmlinux: {error}") from error


def of_elf(data: elf.Buffer) -> str | None:
    """The build-id in the notes of an ELF file, in hexadecimal. Raises ValueError for what is no ELF."""
    for section in elf.sections(data):
        # vmlinux keeps all notes in .notes, modules theirs in .note.gnu.build-id.
        is_small_note = section.kind == elf.NOTE and section.size_bytes <= _NOTES_BYTES
        if is_small_note and (found := of_notes(elf.content(data, section))):
            return found
    return None


def of_notes(notes: bytes) -> str | None:
    """The build-id among ELF notes, such as /sys/kernel/notes."""
    at = 0
    while at + 12 <= len(notes):
        name_bytes, content_bytes, kind = struct.unpack_from("<III", notes, at)
        name = at + 12
        content = name + (name_bytes + 3 & ~3)
        end = content + (content_bytes + 3 & ~3)
        if content + content_bytes > len(notes):
            return None
        if (
            kind == _BUILD_ID
            and notes[name : name + name_bytes] == b"GNU\0"
            and 0 < content_bytes <= _ID_BYTES
        ):
            return notes[content : content + content_bytes].hex()
        at = end
    return None
