"""Triage: from a pile of logs to ranked problems, with what to do next and what could not be seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import monotonic

from kernward.events import index as catalogue
from kernward.operations import ranking
from kernward.operations.growth import outgrown
from kernward.operations.reading import Input, Progress, read
from kernward.operations.tally import Tally
from kernward.records.errors import CatalogueError, KernwardError
from kernward.records.problems import Totals, Triage, Unseen
from kernward.store.home import home as default_home
from kernward.store.sources import Kept, Saved


@dataclass(frozen=True)
class Done:
    """A triage, and what saving it did: `saved` is None when nothing was to be saved or it failed.

    `not_saved` says in a sentence why saving failed; the triage stands all the same.
    """

    triage: Triage
    saved: Saved | None
    not_saved: str | None


def triage(
    paths: Sequence[str | Path],
    *,
    save: bool = True,
    jobs: int | None = None,
    home: Path | None = None,
    each: Callable[[bytes], object] | None = None,
    answer: Callable[[Triage], None] | None = None,
    progress: Progress | None = None,
) -> Done:
    """Read the logs, group their events into problems, rank them, and save the facts.

    `each` gets every event as a line of JSON as it is recognised, in the order of the input. `answer`
    gets the result before anything is saved: nobody waits for the store. Memory does not grow with
    the number of events. What cannot be read is named in the result and does not stop the rest.
    """
    begun = monotonic()
    found = read(paths, jobs=jobs, rows=save, each=each, progress=progress)
    try:
        result = _result(found, monotonic() - begun)
        if answer is not None:
            answer(result)
        if not save:
            return Done(result, None, None)
        try:
            return Done(result, _keep(found, result.catalogue, home), None)
        except (KernwardError, OSError) as error:
            return Done(result, None, f"the facts were not saved: {error}")
    finally:
        found.close()


@lru_cache(maxsize=512)
def words(kind: str) -> tuple[str | None, tuple[str, ...]]:
    """What a kind means and what to do next; nothing for a kind that this catalogue no longer has."""
    try:
        found = catalogue.kind(kind)
    except (ModuleNotFoundError, CatalogueError):
        return None, ()
    return found.meaning, found.next_steps


def _result(found: Input, elapsed_s: float) -> Triage:
    tally = found.tally
    problems = ranking.problems(tally, words)
    return Triage(
        problems=tuple(problems),
        states=tuple(ranking.states(tally)),
        totals=Totals(
            sources=tally.sources,
            sources_without_host=tally.sources_without_host,
            bytes_read=tally.bytes_read,
            events=tally.events,
            problems=len(problems),
            hosts=len(tally.hosts),
            boots=len(tally.boots),
            kernels={kernel: len(boots) for kernel, boots in sorted(tally.kernel_boots.items())},
            first_seen=tally.first_seen,
            last_seen=tally.last_seen,
            elapsed_s=round(elapsed_s, 3),
        ),
        unreadable=tuple(found.unreadable),
        unseen=tuple(unseen(tally)),
        catalogue=catalogue.load().digest,
        generated_at_utc=datetime.now(UTC),
    )


# Kinds that say that messages are missing from the log, and what that means for whoever reads it.
MISSING = {
    "messages-dropped": "the kernel dropped messages before they reached the log",
    "callbacks-suppressed": "the kernel's rate limit held messages back",
    "journal-suppressed": "the journal's rate limit held messages back",
}


def unseen(tally: Tally) -> list[Unseen]:
    """Evidence that is missing, as far as the logs themselves tell."""
    found: list[Unseen] = []
    for group in tally.groups.values():
        if group.kind in MISSING:
            what = f"{MISSING[group.kind]} ({_times(group.count)})"
            found.append(Unseen(what, group.source_count, next(iter(group.sources), None)))
    damaged = [group for group in tally.groups.values() if group.corrupted]
    if damaged:
        count = sum(group.corrupted for group in damaged)
        of = sum(group.count for group in tally.groups.values() if ranking.is_problem(group))
        # Each group's own list of sources is capped, so the number of sources is not known exactly.
        sources = {source for group in damaged for source in group.sources}
        what = f"{count} of {of} reports are damaged or incomplete; they are counted, the reason stands with each"
        found.append(Unseen(what, len(sources), min(sources, default=None)))
    undated = tally.events - tally.dated
    if undated and tally.events:
        what = (
            f"{undated} of {tally.events} events have no date: their logs tell seconds since boot, or nothing"
        )
        found.append(Unseen(what, 0, None))
    if tally.sources_without_host and tally.sources > 1:
        what = "nothing in the log or in the folder's layout says which host it is of"
        found.append(Unseen(what, tally.sources_without_host, None))
    if tally.replayed_boots:
        what = (
            f"{_times(tally.replayed_boots)} a boot stands in the log that it holds already, the same to the "
            "microsecond: a copy, not counted again"
        )
        found.append(Unseen(what, 0, None))
    if tally.replayed_messages:
        what = (
            f"{tally.replayed_messages} messages stand in the log again with the same time stamp: copies, "
            "not counted again"
        )
        found.append(Unseen(what, 0, None))
    if tally.left_out:
        what = (
            f"{tally.left_out} events are of more different problems than are told apart in one run; "
            "triage fewer logs at once to see them"
        )
        found.append(Unseen(what, 0, None))
    return sorted(found, key=lambda each: each.what)


def _keep(found: Input, version: str, home: Path | None) -> Saved:
    # The databases take longer to load than a small log to read; by now the answer is out.
    from kernward.store import compaction, facts

    where = home or default_home()
    kept = [
        Kept(
            stretch.digest,
            stretch.name,
            stretch.events,
            spool.rows_at(stretch.rows_start, stretch.events),
            size_bytes=stretch.size_bytes,
            opening=stretch.opening,
        )
        for stretch, spool in found.stretches
        if stretch.digest is not None and spool is not None
    ]
    shorter = facts.shorter(where, kept)
    kept = [
        replace(source, outgrown=outgrown(source.name, shorter[source.digest]))
        if shorter.get(source.digest)
        else source
        for source in kept
    ]
    saved = facts.save(where, version, kept)
    if saved.sources:
        compaction.tidy(where)
    return saved


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
