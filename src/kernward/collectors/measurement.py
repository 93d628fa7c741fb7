"""What a measurement is: programs attached to the kernel that count, and the record made of their counts.

A module of `measurements/` with a value `MEASUREMENT` is one; there is no list of them elsewhere. Its
`SOURCE` names its fields as every source does. Counters start at 0 when it is attached.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from kernward.collectors.root import Root, Unavailable


def attached_only(name: str) -> Callable[[Root, Collection[str] | None], Mapping[str, Any]]:
    """What a measurement's source has for `read`: there is nothing to read before it is attached."""

    def read(_root: Root, _entities: Collection[str] | None) -> Mapping[str, Any]:
        raise Unavailable(name, "it has to be attached to the kernel first")

    return read
