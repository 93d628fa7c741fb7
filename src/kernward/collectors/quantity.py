"""What a field of a source is: a counter or a gauge, its unit, its meaning, the kernel's function.

Declared in the field's type, so that the reader, the documentation and the arithmetic of a window use
the same words:

    class Stat(msgspec.Struct, frozen=True):
        context_switches: Annotated[int | None, counter("", "context switches on all CPUs")] = None
"""

from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

# counter: only grows, until it wraps or is reset; differences mean something.
# gauge: a state at the moment of reading. identity: differs when the entity is another one of that name.
# fact: does not change while the entity lives, or is no number.
Kind = Literal["counter", "gauge", "identity", "fact"]


class Quantity(msgspec.Struct, frozen=True):
    """`unit` is "s", "bytes", "pages", "%", … or "" for a count. `kernel` names who prints or defines it."""

    kind: Kind
    unit: str
    doc: str
    kernel: str = ""
    # At how many bits the kernel's own variable wraps.
    bits: int = 64


def counter(unit: str, doc: str, kernel: str = "", bits: int = 64) -> Quantity:
    """A field that only grows."""
    return Quantity("counter", unit, doc, kernel, bits)


def gauge(unit: str, doc: str, kernel: str = "") -> Quantity:
    """A field that is a state."""
    return Quantity("gauge", unit, doc, kernel)


def identity(unit: str, doc: str, kernel: str = "") -> Quantity:
    """A field that tells this entity from a later one with the same name, such as a start time."""
    return Quantity("identity", unit, doc, kernel)


def fact(doc: str, kernel: str = "") -> Quantity:
    """A name, a setting, a limit."""
    return Quantity("fact", "", doc, kernel)


@cache
def quantities(record: type[msgspec.Struct]) -> dict[str, Quantity]:
    """The quantity of each field of a record, in their order."""
    found: dict[str, Quantity] = {}
    for name, hint in get_type_hints(record, include_extras=True).items():
        for part in _annotations(hint):
            if isinstance(part, Quantity):
                found[name] = part
    return found


def _annotations(hint: Any) -> tuple[Any, ...]:
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()
