"""What the kernel reported in its log, as events of the catalogue: one record a kind of event.

An entity is the id of a kind (`hung-task`, `block-io-error`; `kernward explain ID`). An event says
something of now only if it is recent or if its state lasts: each has its age, and `latest` holds the newest
ones with their fields, such as the device, the cgroup or the process.
"""

from collections.abc import Collection
from typing import Annotated

import msgspec

from kernward.collectors.kernel_messages import LogEvent, log
from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource

_PRINTED = "the catalogue says which function prints it: kernward explain KIND"
# What is told of one kind. More of the same tell nothing new.
LATEST = 24
RECENT_S = 600.0


class KernelEvents(msgspec.Struct, frozen=True):
    """The events of one kind, as far as the log still holds them."""

    count: Annotated[int, gauge("", "events of this kind in the log", _PRINTED)]
    recent: Annotated[
        int | None, gauge("", "of the last 10 minutes; absent when the log has no times", _PRINTED)
    ]
    age_s: Annotated[float | None, gauge("s", "how long ago the newest was", _PRINTED)]
    first_age_s: Annotated[float | None, gauge("s", "how long ago the oldest was", _PRINTED)]
    severity: Annotated[str, fact("fatal, error, warning or info", _PRINTED)]
    latest: Annotated[tuple[LogEvent, ...], fact("the newest, the last one last, at most 24", _PRINTED)]


def read(root: Root, entities: Collection[str] | None = None) -> dict[str, KernelEvents]:
    """The events by kind, all or those asked for."""
    kinds: dict[str, list[LogEvent]] = {}
    for event in log(root).events:
        if entities is None or event.kind in entities:
            kinds.setdefault(event.kind, []).append(event)
    return {kind: _record(events) for kind, events in kinds.items()}


def _record(events: list[LogEvent]) -> KernelEvents:
    ages = [each.age_s for each in events if each.age_s is not None]
    return KernelEvents(
        count=len(events),
        recent=sum(age <= RECENT_S for age in ages) if ages else None,
        age_s=min(ages, default=None),
        first_age_s=max(ages, default=None),
        severity=events[-1].severity,
        latest=tuple(events[-LATEST:]),
    )


SOURCE = EntitySource(
    name="kernel_events",
    doc="Events in the kernel's log, by kind: how many, how long ago, and the newest with their fields.",
    files=("/dev/kmsg", "/sos_commands/kernel/dmesg", "/var/log/dmesg"),
    record=KernelEvents,
    read=read,
    scope="other",
    when="check",
)
