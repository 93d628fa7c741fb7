"""The kernel's log as a window has it: events, and what is counted of them by kind."""

from collections.abc import Mapping, Sequence
from typing import Any

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.source import AnySource
from kernward.collectors.sources import earlier_boot, kernel_events
from kernward.collectors.sources.kernel_events import RECENT_S, KernelEvents
from tests.diagnosis.windows import START_S


def event(
    kind: str, age_s: float | None = 5.0, text: str = "it happened", *, severity: str = "error", **more: Any
) -> LogEvent:
    """An event of the kernel's log."""
    return LogEvent(
        kind=kind,
        title=kind,
        severity=severity,
        at_s=None if age_s is None else START_S - age_s,
        age_s=age_s,
        text=text,
        **more,
    )


def log(*events: LogEvent) -> dict[AnySource, Mapping[str, Any]]:
    """The log with these events, and no dump of an earlier boot."""
    return {kernel_events.SOURCE: by_kind(*events), earlier_boot.SOURCE: {}}


def by_kind(*events: LogEvent) -> dict[str, KernelEvents]:
    """The events of each kind, as they were given."""
    kinds: dict[str, list[LogEvent]] = {}
    for each in events:
        kinds.setdefault(each.kind, []).append(each)
    return {kind: _record(some) for kind, some in kinds.items()}


def _record(events: Sequence[LogEvent]) -> KernelEvents:
    ages = [each.age_s for each in events if each.age_s is not None]
    return KernelEvents(
        count=len(events),
        recent=sum(age <= RECENT_S for age in ages),
        age_s=min(ages, default=None),
        first_age_s=max(ages, default=None),
        severity=events[0].severity,
        latest=tuple(events),
    )
