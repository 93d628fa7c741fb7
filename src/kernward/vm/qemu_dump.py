"""Which form of memory dump to ask QEMU for."""

from typing import Any

# Snappy and LZO compress several times faster than zlib; drgn and crash read all three.
FORMS = ("kdump-snappy", "kdump-lzo", "kdump-zlib")


def best_form(capability: dict[str, Any]) -> str:
    """The fastest form that this QEMU can write (`query-dump-guest-memory-capability`)."""
    offered = capability.get("formats", [])
    return next((form for form in FORMS if form in offered), "elf")
