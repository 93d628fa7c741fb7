"""The faults, one a file. A file that defines `FAULT` is a fault; there is no list of them."""

import importlib
import pkgutil
from difflib import get_close_matches
from functools import cache

from kernward.records.errors import UsageError
from kernward.vm.fault import Fault


@cache
def faults() -> dict[str, Fault]:
    """Every fault by its name."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        fault: Fault = importlib.import_module(f"{__name__}.{module.name}").FAULT
        found[fault.name] = fault
    return dict(sorted(found.items()))


def fault(name: str) -> Fault:
    """The fault of this name; UsageError, with the nearest names, when there is none."""
    known = faults()
    wanted = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    if wanted in known:
        return known[wanted]
    close = get_close_matches(wanted, known, n=5) or [each for each in known if wanted and wanted in each]
    nearest = f"nearest: {', '.join(close[:5])}" if close else "kernward vm faults lists those there are"
    raise UsageError(f"there is no fault {name!r}; {nearest}")
