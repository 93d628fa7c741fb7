"""The form of /proc/net/snmp and netstat: a line of names, then a line of their values, for each protocol.

Kernels add counters, so values are found by name and never by place.
"""

from collections.abc import Mapping
from functools import lru_cache

# field of the record: (protocol as it begins the lines, the kernel's name of the counter)
Wanted = Mapping[str, tuple[str, str]]


def counters(data: bytes, wanted: Wanted) -> dict[str, int]:
    """The wanted counters that are there; lines that are torn are skipped."""
    lines = data.split(b"\n")
    values: dict[bytes, tuple[dict[bytes, int], list[bytes]]] = {}
    for names, numbers in zip(lines[::2], lines[1::2], strict=False):
        places = _places(names)
        row = numbers.split()
        if places and row and row[0] == names.split(None, 1)[0] and len(row) == len(places):
            values[row[0]] = places, row
    found: dict[str, int] = {}
    for field, (protocol, name) in wanted.items():
        places, row = values.get(f"{protocol}:".encode(), ({}, []))
        place = places.get(name.encode())
        if place is None:
            continue
        try:
            found[field] = int(row[place])
        except ValueError:
            continue
    return found


@lru_cache(maxsize=64)
def _places(names: bytes) -> dict[bytes, int]:
    return {name: place for place, name in enumerate(names.split())}
