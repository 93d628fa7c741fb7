"""One hypothesis a file, each a value HYPOTHESIS."""

import importlib
import pkgutil
from functools import cache

from kernward.diagnosis.hypothesis import Hypothesis
from kernward.records.errors import UsageError


@cache
def hypotheses() -> dict[str, Hypothesis]:
    """All hypotheses by id, in the order of their ids."""
    found: dict[str, Hypothesis] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        value = getattr(importlib.import_module(f"{__name__}.{module.name}"), "HYPOTHESIS", None)
        if isinstance(value, Hypothesis):
            found[value.id] = value
    return found


def hypothesis(id: str) -> Hypothesis:
    """The hypothesis of this id; no other one is imported."""
    name = id.replace("-", "_")
    known = {module.name for module in pkgutil.iter_modules(__path__)}
    if name not in known:
        raise UsageError(f"there is no hypothesis {id!r}; there are {', '.join(hypotheses())}")
    found: Hypothesis = importlib.import_module(f"{__name__}.{name}").HYPOTHESIS
    return found
