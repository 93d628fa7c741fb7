"""How numbers, sizes, times and names are said in what a test finds."""

from collections.abc import Iterable

from kernward.records.check import Scope

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def size(bytes_: float) -> str:
    """`48.0 MiB`."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if abs(bytes_) >= unit:
            return f"{bytes_ / unit:.1f} {name}"
    return f"{bytes_:.0f} bytes"


def milliseconds(seconds: float) -> str:
    """`40 us`, `0.4 ms`, `85 ms`, `3.2 s`."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    if 0 < seconds < 0.0001:
        return f"{seconds * 1e6:.0f} us"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


def names(scopes: Iterable[Scope], most: int = 4) -> str:
    """`nginx[12], postgres[40] and 3 more`."""
    found = list(dict.fromkeys(scopes))
    more = len(found) - most
    return ", ".join(each.name for each in found[:most]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, what: str) -> str:
    """`1 task`, `3 tasks`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def times(number: int) -> str:
    """`once`, `3 times`."""
    return "once" if number == 1 else f"{number} times"
