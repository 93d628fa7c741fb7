"""The running kernel's own description of its types (BTF), as far as names of numbers are looked up in it.

Read straight from /sys/kernel/btf/vmlinux; the format is that of Documentation/bpf/btf.rst. What is not
well-formed has no names.
"""

import struct
from functools import cache

_FILE = "/sys/kernel/btf/vmlinux"
_LIMIT_BYTES = 64 << 20
_MAGIC = 0xEB9F
_ENUM = 6
# What follows a type of each kind: bytes at all, and bytes for each member (BTF_KIND_* in uapi/linux/btf.h).
_AFTER = {1: 4, 3: 12, 14: 4, 17: 4}
_EACH = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}


@cache
def enumerators(name: str) -> dict[str, int]:
    """The names and numbers of an enumeration of the kernel; empty when it has none or no BTF."""
    try:
        with open(_FILE, "rb") as file:
            data = file.read(_LIMIT_BYTES)
        return _enumerators(data, name.encode())
    except (OSError, struct.error, IndexError):
        return {}


def _enumerators(data: bytes, name: bytes) -> dict[str, int]:
    magic, _, _, header, types_at, types_bytes, strings_at, strings_bytes = struct.unpack_from(
        "<HBBIIIII", data
    )
    if magic != _MAGIC:
        return {}
    strings = data[header + strings_at : header + strings_at + strings_bytes]
    wanted = strings.find(b"\0" + name + b"\0") + 1
    if not wanted:
        return {}
    at, end = header + types_at, header + types_at + types_bytes
    unpack = struct.Struct("<III").unpack_from
    while at < end:
        called, info, _ = unpack(data, at)
        at += 12
        kind, members = info >> 24 & 0x1F, info & 0xFFFF
        if kind == _ENUM and called == wanted:
            pairs = struct.iter_unpack("<Ii", data[at : at + 8 * members])
            return {_string(strings, place): value for place, value in pairs}
        at += _AFTER.get(kind, 0) + _EACH.get(kind, 0) * members
    return {}


def _string(strings: bytes, at: int) -> str:
    return strings[at : strings.index(b"\0", at)].decode("ascii", "replace")
