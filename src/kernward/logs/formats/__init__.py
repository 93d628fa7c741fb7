"""The log formats, one a file. A file that defines `FORMAT` is a format; there is no list of them."""

import importlib
import pkgutil
from functools import cache

from kernward.logs.format import Format


@cache
def formats() -> tuple[Format, ...]:
    """Every log format, by name."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        form = importlib.import_module(f"{__name__}.{module.name}").FORMAT
        if not isinstance(form, Format):
            raise TypeError(f"{module.name}.FORMAT is not a Format")
        found.append(form)
    return tuple(sorted(found, key=lambda form: form.name))
