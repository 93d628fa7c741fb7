"""What tests that rest on the kernel's log have in common: events that are recent, when they were, as evidence.

An event says something of now only if it happened a moment ago or if what it reports lasts: so each test says
for how long its events count. An event whose time the log does not tell counts, with less certainty.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import earlier_boot, kernel_events, uptime
from kernward.diagnosis.hypothesis import Refuted, Unknown
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Evidence, Scope

# What happened and is over explains complaints of the last minutes.
RECENT_S = 900.0
# What reports broken hardware stays true until the hardware is changed.
LASTING_S = 24 * 3600.0
# A boot follows a crash within the time that firmware takes and a dump of a large machine's memory.
_RESTART_S = 3600.0
_FRESH_S = 120.0
_LEAST = 0.3


class Logged(NamedTuple):
    """Events of some kinds: those that count, oldest first, and how many are too old to count."""

    events: tuple[LogEvent, ...]
    older: int

    @property
    def newest(self) -> LogEvent:
        """The last one."""
        return self.events[-1]


def logged(view: View, *kinds: str, within_s: float = RECENT_S) -> Logged:
    """The events of these kinds in the log of this boot."""
    found = view.window.each(kernel_events.SOURCE)
    counted = sum(found[kind].count for kind in kinds if kind in found)
    events = recent(view, *kinds, within_s=within_s)
    return Logged(tuple(events), counted - len(events))


def recent(view: View, *kinds: str, within_s: float) -> list[LogEvent]:
    """The events of these kinds that count, the newest last."""
    found = view.window.each(kernel_events.SOURCE)
    events = [
        each
        for kind in kinds
        if kind in found
        for each in found[kind].latest
        if each.age_s is None or each.age_s <= within_s
    ]
    return sorted(events, key=lambda each: (each.at_s or 0.0, -(each.age_s or 0.0)))


def unread(view: View) -> Unknown | None:
    """That the log could not be read, and why; None when it was."""
    reason = view.window.why_absent(kernel_events.SOURCE)
    return Unknown(reason=f"the kernel's log could not be read: {reason}") if reason else None


def none_of(view: View, what: str, found: Logged, within_s: float = RECENT_S) -> Refuted:
    """That the log tells of nothing of the kind, or not lately. `what` is a plural: "machine checks"."""
    if found.older:
        return Refuted(
            reason=f"the log tells of no {what} within the last {_span(within_s)}, and of {found.older} before"
        )
    return Refuted(reason=f"the kernel's log tells of no {what}")


def evidence(view: View, event: LogEvent, *, scope: Scope = HOST, says: str = "") -> Evidence:
    """The event as evidence: its first line, and when it was."""
    return Evidence(
        signal="kernel_events.latest",
        value=event.text.split("\n", 1)[0][:300],
        unit="",
        source=kernel_events.SOURCE.files[0],
        at_utc=view.window.at_utc - timedelta(seconds=event.age_s or 0.0),
        scope=scope,
        says=says or f"printed {ago(event.age_s)}",
    )


def summed_up(view: View, events: Sequence[LogEvent], *, scope: Scope = HOST, says: str = "") -> Evidence:
    """Events as one piece of evidence: how many, and what the newest says."""
    newest = events[-1]
    return view.evidence(
        kernel_events.SOURCE,
        "recent",
        len(events),
        scope=scope,
        says=says or f"{gist(newest)} ({ago(newest.age_s)})",
        change=False,
    )


def gist(event: LogEvent) -> str:
    """What an event says in one line: a report of several begins with numbers, and its title names it."""
    first, _, more = event.text.partition("\n")
    return f"{event.title} ({first})" if more else first.rstrip(". ")


def ago(seconds: float | None) -> str:
    """How long ago, for a person."""
    if seconds is None:
        return "at a time that the log does not tell"
    return f"{_span(seconds)} ago"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def freshness(event: LogEvent, within_s: float = RECENT_S) -> float:
    """1 for what happened just now, falling to 0.3 for what just counts as recent."""
    if event.age_s is None:
        return 0.6
    part = (event.age_s - _FRESH_S) / max(within_s - _FRESH_S, 1.0)
    return 1.0 - (1.0 - _LEAST) * min(max(part, 0.0), 1.0)


def task(event: LogEvent) -> Scope | None:
    """The process that the event's own fields name, else the one its report names."""
    comm, pid = event.fields.get("comm") or event.comm, event.fields.get("pid") or event.pid
    if not comm:
        return None
    return Scope("process", f"{comm}[{pid}]" if pid is not None else str(comm))


def before_this_boot(view: View, *kinds: str) -> tuple[LogEvent, Evidence] | None:
    """The newest event of these kinds that the boot before this one ended with, if this boot is not old."""
    found = view.window.each(earlier_boot.SOURCE)
    best: tuple[LogEvent, Evidence] | None = None
    for kind in kinds:
        record = found.get(kind)
        if record is None or not _ended_with_it(record):
            continue
        event = record.latest[-1]
        if best is None or (event.age_s or 0.0) < (best[0].age_s or 0.0):
            best = (
                event,
                Evidence(
                    signal="earlier_boot.latest",
                    value=event.text.split("\n", 1)[0][:300],
                    unit="",
                    source=record.file,
                    at_utc=view.window.at_utc - timedelta(seconds=event.age_s or 0.0),
                    says=f"the last words of the boot before this one, {ago(event.age_s)}",
                ),
            )
    return best


def said_before(view: View, *but: str) -> tuple[str, ...]:
    """What else went wrong in the boot before this one by its dump: titles, without these kinds."""
    found = view.window.each(earlier_boot.SOURCE)
    return tuple(
        dict.fromkeys(
            record.latest[-1].title
            for kind, record in found.items()
            if kind not in but and record.latest[-1].severity in ("fatal", "error") and _ended_with_it(record)
        )
    )


def _ended_with_it(record: earlier_boot.EarlierBoot) -> bool:
    if record.age_s is None or record.before_boot_s is None:
        return True
    return record.age_s <= LASTING_S and -60 <= record.before_boot_s <= _RESTART_S


def crash(view: View, *kinds: str) -> tuple[LogEvent, Evidence] | None:
    """An event with which a kernel ends: in the dump of the boot before, or in a log that ends with it."""
    earlier = before_this_boot(view, *kinds)
    if earlier is not None:
        return earlier
    found = logged(view, *kinds, within_s=LASTING_S)
    return (found.newest, evidence(view, found.newest)) if found.events else None


def no_crash(view: View, what: str, *, also_now: bool = False) -> Refuted | Unknown:
    """That neither the log nor a dump tells of such an end; unknown where that leaves it open.

    `also_now`: it may also happen without ending the machine, and would stand in this boot's log then.
    """
    up = view.window.of(uptime.SOURCE)
    if up is not None and up.up_s is not None and up.up_s > LASTING_S and not also_now:
        return Refuted(
            reason=f"the machine has been up for {_span(up.up_s)}, so nothing ended it lately",
            evidence=(view.evidence(uptime.SOURCE, "up_s", up.up_s, change=False),),
        )
    log = view.window.why_absent(kernel_events.SOURCE)
    dumps = view.window.why_absent(earlier_boot.SOURCE)
    if log and dumps:
        return Unknown(reason=f"neither the log nor a dump of the boot before could be read: {log}; {dumps}")
    if log or dumps and not also_now:
        read = "a dump of the boot before" if log else "this boot's log"
        return Unknown(
            reason=f"there is no {what} in {read}, and the other could not be read: {log or dumps}"
        )
    where = "this boot's log" + ("" if dumps else ", nor in a dump of the boot before")
    return Refuted(reason=f"there is no {what} in {where}")
