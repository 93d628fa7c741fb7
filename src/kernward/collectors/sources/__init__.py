"""One source a file: a record type, the function that reads it, and a value SOURCE that joins them."""

import importlib
import pkgutil
from functools import cache

from kernward.collectors.source import AnySource, EntitySource, Source
from kernward.records.errors import UsageError


@cache
def sources() -> dict[str, AnySource]:
    """All sources by name, in the order of their names."""
    found: dict[str, AnySource] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        source = getattr(importlib.import_module(f"{__name__}.{module.name}"), "SOURCE", None)
        if isinstance(source, Source | EntitySource):
            found[source.name] = source
    return found


def source(name: str) -> AnySource:
    """The source of this name."""
    try:
        return sources()[name]
    except KeyError:
        raise UsageError(f"there is no source {name!r}; there are {', '.join(sources())}") from None
