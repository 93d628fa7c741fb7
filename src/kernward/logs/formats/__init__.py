"""The log formats, one a file. A file that defines `FORMAT` is a format; there is no list of them."""

import importlib
import pkgutil
from dataclasses import replace
from functools import cache
from typing import cast

from kernward.logs.format import Format


@cache
def formats() -> tuple[Format, ...]:
    """Every log format, by name."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found.append(replace(cast(Format, loaded.FORMAT), about=(loaded.__doc__ or "").strip()))
    return tuple(sorted(found, key=lambda form: form.name))
