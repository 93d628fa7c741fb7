"""Reading saved facts back: problems and events, and what a kernel brought."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import msgspec

from kernward.operations import ranking
from kernward.operations.tally import Group, Tally, example
from kernward.operations.triage import MISSING, unseen, words
from kernward.records.errors import UsageError
from kernward.records.events import Event
from kernward.records.filters import Filter
from kernward.records.kernel_release import is_later, order
from kernward.records.problems import Totals, Triage
from kernward.store.home import home as default_home
from kernward.store.reading import Facts

# Examples are read whole for this many problems; of those that follow only what the lists need.
MOST_EXAMPLES = 200


def problems(
    wanted: Filter, *, new_since: str | None = None, home: Path | None = None
) -> tuple[Triage, list[str]]:
    """The saved events that the filter wants, as ranked problems, and sentences on what to know.

    With `new_since`, only problems that were seen on a kernel later than that release and on none up
    to it, whatever else the filter says of time and host.
    """
    begun = monotonic()
    notes: list[str] = []
    with Facts(home or default_home()) as facts:
        if new_since is not None:
            wanted = _new_since(facts, wanted, new_since, notes)
        if wanted.since is not None or wanted.until is not None:
            notes += _undated(facts, wanted)
        tally = Tally()
        last = None
        # Of the many events that only say that a machine was booted, those that nothing hangs on are
        # counted by the database.
        for digest, event in facts.events_by_source(wanted, states=[*facts.causes(wanted), *MISSING]):
            if digest != last:
                tally.begin_source(tally.sources)
                last = digest
            tally.add(event)
        found = ranking.problems(tally, words, examples=_examples(facts, tally))
        summary = facts.summary(wanted)
        tally.events, tally.dated = summary.events, summary.dated
        notes += _empty(facts, home)
        result = Triage(
            problems=tuple(found),
            states=tuple(facts.states(wanted)),
            totals=Totals(
                sources=summary.sources,
                sources_without_host=0,
                bytes_read=None,
                events=summary.events,
                problems=len(found),
                hosts=summary.hosts,
                boots=summary.boots,
                kernels=summary.kernels,
                first_seen=summary.first_seen,
                last_seen=summary.last_seen,
                elapsed_s=round(monotonic() - begun, 3),
            ),
            unreadable=tuple(facts.notes),
            unseen=tuple(unseen(tally)),
            catalogue=facts.catalogue,
            generated_at_utc=datetime.now(UTC),
        )
    return result, notes


def events(
    wanted: Filter, each: Callable[[Event], None], *, limit: int | None = None, home: Path | None = None
) -> tuple[list[str], list[str]]:
    """Hand the saved events that the filter wants to `each`, by time, those without one last.

    Returns sentences on what could not be read, and sentences on what to know.
    """
    with Facts(home or default_home()) as facts:
        for event in facts.events(wanted, limit=limit):
            each(event)
        notes = _empty(facts, home)
        if wanted.since is not None or wanted.until is not None:
            notes += _undated(facts, wanted)
        return facts.notes, notes


def _new_since(facts: Facts, wanted: Filter, release: str, notes: list[str]) -> Filter:
    if order(release) is None:
        raise UsageError(
            f"{release} is no kernel release; one like 6.1.0-47-cloud-amd64 or 6.12 was expected"
        )
    kernels = facts.kernels(Filter())
    earlier = tuple(kernel for kernel in kernels if kernel and is_later(kernel, release) is False)
    later = tuple(kernel for kernel in kernels if kernel and is_later(kernel, release))
    unknown = sum(count for kernel, count in kernels.items() if not kernel or order(kernel) is None)
    if not kernels:
        pass  # The store is empty, which is said apart.
    elif not earlier:
        notes.append(
            f"the store holds no facts of kernels up to {release}: nothing tells the new problems from the old ones, "
            "so every problem of the later kernels is listed"
        )
    elif not later:
        notes.append(f"the store holds no facts of kernels later than {release}, so nothing new can be seen")
    else:
        notes.append(
            f"compared were {_kernels(len(later))} later than {release} with {_kernels(len(earlier))} up to it; "
            "a problem that did not happen, or whose log was not read, is not seen on a kernel"
        )
    if unknown:
        notes.append(f"{unknown} events whose kernel is not known were left out of the comparison")
    known = facts.signatures(Filter(releases=earlier)) if earlier else set()
    return msgspec.structs.replace(wanted, releases=later, but_signatures=tuple(sorted(known)))


def _kernels(count: int) -> str:
    return "1 kernel" if count == 1 else f"{count} kernels"


def _undated(facts: Facts, wanted: Filter) -> list[str]:
    count = facts.undated(wanted)
    if not count:
        return []
    return [
        f"{count} events without a date were left out, since their logs tell only seconds since boot, or nothing"
    ]


def _empty(facts: Facts, home: Path | None) -> list[str]:
    if facts.sources:
        return []
    return [f"the store {home or default_home()} is empty: nothing was saved yet by kernward triage"]


def _examples(facts: Facts, tally: Tally) -> Callable[[str, Group], Event]:
    """The example events read whole. What was tallied are events without their text and report."""
    light = {
        signature: example(group) for signature, group in tally.groups.items() if ranking.is_problem(group)
    }
    largest = sorted(light, key=lambda signature: -tally.groups[signature].count)[:MOST_EXAMPLES]
    ids = tuple(light[signature].id for signature in largest)
    whole: dict[tuple[str, str, int], Event] = {}
    if ids:
        whole = {(each.id, each.source, each.start): each for each in facts.events(Filter(ids=ids))}

    def find(signature: str, group: Group) -> Event:
        event = light[signature]
        return whole.get((event.id, event.source, event.start), event)

    return find
