"""The course of deciding signals over the window, for those hypotheses that draw none of their own."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from kernward.collectors.source import AnySource, Source
from kernward.collectors.sources import sources
from kernward.collectors.window import Window
from kernward.diagnosis.kinship import pid
from kernward.records.check import Evidence, Plot, Scope

# Of one finding. The first pieces of evidence are those that decide.
MOST = 3
# A line through fewer points is no course.
FEWEST_POINTS = 3
MOST_POINTS = 500


def plots_of(window: Window, evidence: Iterable[Evidence]) -> tuple[Plot, ...]:
    """Of counters the growth a second, of gauges their values."""
    return tuple(islice(_plots(window, evidence), MOST))


def _plots(window: Window, evidence: Iterable[Evidence]) -> Iterator[Plot]:
    drawn: set[tuple[str, Scope]] = set()
    for each in evidence:
        name, _, field = each.signal.partition(".")
        source = sources().get(name)
        quantity = source.quantities.get(field) if source is not None else None
        if source is None or quantity is None or (each.signal, each.scope) in drawn:
            continue
        drawn.add((each.signal, each.scope))
        entity = _entity(source, each.scope)
        if entity is None and not isinstance(source, Source):
            continue
        if quantity.kind == "counter":
            points = _rates(window, source, entity, field)
            unit = f"{quantity.unit}/s" if quantity.unit else "1/s"
        elif quantity.kind == "gauge":
            points = _values(window, source, entity, field)
            unit = quantity.unit
            # A limit that stays what it is has no course.
            if len({value for _, value in points}) < 2:
                continue
        else:
            continue
        if len(points) >= FEWEST_POINTS:
            yield Plot(
                signal=each.signal,
                unit=unit,
                scope=each.scope,
                at_utc=tuple(at for at, _ in points),
                values=tuple(round(value, 6) for _, value in points),
            )


def _entity(source: AnySource, scope: Scope) -> str | None:
    if isinstance(source, Source) or scope.kind == "host":
        return None
    return pid(scope.name) if scope.kind == "process" else scope.name


def _rates(
    window: Window, source: AnySource, entity: str | None, field: str
) -> Sequence[tuple[datetime, float]]:
    steps = window.steps(source) if isinstance(source, Source) else window.each_steps(source, entity or "")
    return _numbers((at, getattr(grown, field), span) for at, span, grown in steps)


def _values(
    window: Window, source: AnySource, entity: str | None, field: str
) -> Sequence[tuple[datetime, float]]:
    records = (
        (each.at_utc, each.of(source) if isinstance(source, Source) else each.each(source).get(entity or ""))
        for each in window.samples
    )
    return _numbers((at, getattr(record, field), 1.0) for at, record in records if record is not None)


def _numbers(points: Iterable[tuple[datetime, Any, float]]) -> Sequence[tuple[datetime, float]]:
    found = [(at, value / by) for at, value, by in points if isinstance(value, int | float)]
    return found[-MOST_POINTS:]
