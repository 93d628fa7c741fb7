"""QEMU's memory dumps: which form to ask for, and making a file of them that debuggers open.

Before 8.2, QEMU writes makedumpfile's compressed form only "flattened": as pieces with their offsets, for a
pipe that cannot seek. Debuggers want the plain form, so the pieces are put where they belong. QEMU does not
know the guest's kernel and leaves its name out of the header, without which libkdumpfile, and drgn with it,
takes the whole dump for one of an unknown machine; so the name is put in.
"""

import os
import struct
from pathlib import Path
from typing import Any

from kernward.records.errors import InputError

# Snappy and LZO compress several times faster than zlib; drgn and crash read all three.
FORMS = ("kdump-raw-snappy", "kdump-raw-lzo", "kdump-raw-zlib", "kdump-snappy", "kdump-lzo", "kdump-zlib")
# makedumpfile's struct makedumpfile_header and makedumpfile_data_header, big endian (its makedumpfile.h).
SIGNATURE = b"makedumpfile\0\0\0\0"
HEADER_BYTES = 4096
PIECE = struct.Struct(">qq")
END = -1
# struct disk_dump_header: a signature of 8 bytes, a version of 4, then the kernel's struct new_utsname.
KDUMP = b"KDUMP   "
UTSNAME, FIELD_BYTES = 12, 65


def best_form(capability: dict[str, Any]) -> str:
    """The fastest form that this QEMU can write (`query-dump-guest-memory-capability`)."""
    offered = capability.get("formats", [])
    return next((form for form in FORMS if form in offered), "elf")


def reassemble(dump: Path) -> None:
    """Put a flattened dump in order, in place; any other is left as it is."""
    with dump.open("rb") as flat:
        if not flat.read(len(SIGNATURE)) == SIGNATURE:
            return
        flat.seek(HEADER_BYTES)
        size = dump.stat().st_size
        plain = dump.with_name(dump.name + ".plain")
        with plain.open("wb") as out:
            while True:
                head = flat.read(PIECE.size)
                if len(head) < PIECE.size:
                    raise InputError(f"{dump}: the flattened dump ends in the middle, at byte {flat.tell()}")
                offset, length = PIECE.unpack(head)
                if offset == END:
                    break
                # What a guest's memory is can be no longer than the file that holds it.
                if offset < 0 or not 0 <= length <= size:
                    raise InputError(f"{dump}: a piece of the flattened dump has no sensible place")
                out.seek(offset)
                left = length
                while left:
                    copied = os.copy_file_range(flat.fileno(), out.fileno(), left, flat.tell(), offset)
                    if not copied:
                        raise InputError(
                            f"{dump}: the flattened dump ends in the middle, at byte {flat.tell()}"
                        )
                    flat.seek(copied, os.SEEK_CUR)
                    offset, left = offset + copied, left - copied
    plain.rename(dump)


def name_kernel(dump: Path, release: str, version: str) -> None:
    """Fill in what kernel a compressed dump is of, where QEMU left it out."""
    with dump.open("r+b") as file:
        if file.read(len(KDUMP)) != KDUMP:
            return
        file.seek(UTSNAME)
        if file.read(1) != b"\0":
            return
        for number, text in enumerate(("Linux", "(none)", release, version, "x86_64", "(none)")):
            file.seek(UTSNAME + number * FIELD_BYTES)
            file.write(text.encode()[: FIELD_BYTES - 1].ljust(FIELD_BYTES, b"\0"))
