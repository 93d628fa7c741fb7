"""Overviews one after the other: of this machine as it runs, and of what was recorded before.

What was seen live is kept as overviews, whose size does not depend on the machine's; further back a recording
is read, some minutes at a time.
"""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from kernward.collectors.clock import Clock
from kernward.collectors.root import Root
from kernward.collectors.sample import Sample, take
from kernward.collectors.selection import Selection
from kernward.operations.overview import MOST_ROWS, NEEDED, overview
from kernward.records.errors import InputError
from kernward.records.overview import Overview

# Overviews kept of what was seen: at 2 s more than an hour.
MOST_KEPT = 2000
# What is read of a recording at once: at 5 s as many overviews as are read in a second or two.
PIECE = timedelta(minutes=5)
# A gap between two samples after which rates would hide what happened.
LONGEST_STEP_S = 300.0
# Looking may take this part of a CPU at most; on large machines it looks less often instead.
LARGEST_SHARE = 0.1


class Live:
    """This machine: every `look` is an overview of the time since the one before."""

    def __init__(self, root: Root | None = None, clock: Clock | None = None) -> None:
        self._root = root or Root("/")
        self._clock = clock or Clock()
        self._selection = Selection(NEEDED, 2 * MOST_ROWS)
        self._before: Sample | None = None
        self.cost_s = 0.0

    def look(self) -> Overview:
        """Read the machine; the first look has no rates."""
        sample = take(self._root, self._clock, NEEDED, self._selection.entities())
        self._selection.seen(sample)
        found = overview(self._before, sample)
        self._before = sample
        self.cost_s = sample.cost_s or 0.0
        return found

    def pause_s(self, interval_s: float) -> float:
        """How long to wait for the next look."""
        return max(interval_s, self.cost_s / LARGEST_SHARE)


class Timeline:
    """Overviews by time, which can be gone back and forth: what was seen live, and before it a recording.

    Of the recording a page is held, the pieces around where one looks. Without one, `notes` say so, and the
    begin is where looking began.
    """

    def __init__(self, home: Path | None = None, host: str | None = None) -> None:
        self._home = home
        self._host = host
        self._live: deque[Overview] = deque()
        self._page: list[Overview] = []
        self._in_page = False
        # Where one looks, in the page or in what was seen live; None is always at the latest.
        self._at: int | None = None
        self.notes: list[str] = []

    @property
    def now(self) -> Overview | None:
        """The overview that is looked at; None before the first."""
        if self._at is None:
            return self._live[-1] if self._live else None
        return self._page[self._at] if self._in_page else self._live[self._at]

    @property
    def following(self) -> bool:
        """Whether what comes in is shown at once."""
        return self._at is None

    def add(self, found: Overview) -> None:
        """A new overview, seen live."""
        self._live.append(found)
        if len(self._live) > MOST_KEPT:
            self._live.popleft()
            if self._at and not self._in_page:
                self._at -= 1

    def follow(self) -> None:
        """Go to the latest: live, or the end of what is held of the recording."""
        self._in_page = not self._live
        self._at = None if self._live else len(self._page) - 1

    def go(self, by: timedelta) -> None:
        """Go to the overview so much later, or earlier; at least one step; the recording is read as needed."""
        here = self.now
        if here is None:
            return
        wanted = here.at_utc + by
        if by <= -PIECE and (not self._live or wanted < self._live[0].at_utc):
            self._jump(wanted)
            return
        step = 1 if by > timedelta(0) else -1
        moved = False
        while (beside := self._beside(step)) is not None:
            in_page, at = beside
            time = (self._page if in_page else self._live)[at].at_utc
            # The nearest one, but never none.
            if moved and ((time > wanted) if step > 0 else (time < wanted)):
                return
            self._in_page, self._at = beside
            moved = True
        if step > 0 and self._live:
            self.follow()

    def start_at(self, at: datetime) -> None:
        """Begin with what was recorded at or after this time; raises InputError when there is nothing."""
        found = self._after(at)
        if not found:
            raise InputError(f"nothing was recorded from {at:%Y-%m-%d %H:%M:%S} UTC on")
        self._page, self._in_page, self._at = found, True, 0

    def start_at_end(self) -> None:
        """Begin with the latest that was recorded; raises InputError when there is nothing."""
        from kernward.operations.playback import extents

        there = [each for each in extents(self._home) if self._host in (None, each.host)]
        found = self._read(there[0].last_utc - PIECE, there[0].last_utc) if there else []
        if not found:
            raise InputError(f"there is no recording of {self._host or 'any host'}")
        self._page = found
        self.follow()

    def _jump(self, to: datetime) -> None:
        found = self._read(to - PIECE, to) or self._before(to)
        at = len(found) - 1
        if not found:
            found, at = self._after(to), 0
        if found:
            self._page, self._in_page, self._at = found, True, at
        elif self._live:
            self._in_page, self._at = False, 0

    def _beside(self, step: int) -> tuple[bool, int] | None:
        """Where the next overview in this direction is, which may have to be read; None for nowhere."""
        if not self._in_page:
            at = len(self._live) - 1 if self._at is None else self._at
            if 0 <= at + step < len(self._live):
                return False, at + step
            if step > 0:
                return None
            found = self._before(self._live[0].at_utc)
            if not found:
                return None
            self._page = found
            return True, len(found) - 1
        at = self._at or 0
        if 0 <= at + step < len(self._page):
            return True, at + step
        if step < 0:
            found = self._before(self._page[0].at_utc)
            self._page = [*found, *self._page][:MOST_KEPT]
            self._at = len(found) + at
            return (True, self._at - 1) if found else None
        found = self._after(self._page[-1].at_utc, but_it=True)
        if self._live:
            found = [each for each in found if each.at_utc < self._live[0].at_utc]
        dropped = max(0, len(self._page) + len(found) - MOST_KEPT)
        self._page = [*self._page[dropped:], *found]
        self._at = at - dropped
        if found:
            return True, self._at + 1
        return (False, 0) if self._live else None

    def _before(self, at: datetime) -> list[Overview]:
        """What was recorded before this time, across a gap."""
        found = [each for each in self._read(at - PIECE, at) if each.at_utc < at]
        if not found and (there := self._edge(at, later=False)) is not None:
            found = self._read(there - PIECE, there)
        return found

    def _after(self, at: datetime, *, but_it: bool = False) -> list[Overview]:
        """What was recorded from this time on, or later than it, across a gap."""
        found = [each for each in self._read(at, at + PIECE) if each.at_utc > at or not but_it]
        if not found and (there := self._edge(at, later=True)) is not None:
            found = self._read(there, there + PIECE)
        return found

    def _edge(self, at: datetime, *, later: bool) -> datetime | None:
        """Where the recording goes on beyond a gap."""
        from kernward.operations.playback import edge

        return edge(self._home, host=self._host, at=at, later=later)

    def _read(self, since: datetime, until: datetime) -> list[Overview]:
        from kernward.operations.playback import recording

        try:
            # One sample more at the beginning, from which the first rates are.
            found = recording(
                self._home,
                host=self._host,
                since=since - timedelta(seconds=LONGEST_STEP_S / 10),
                until=until,
                only=[each.name for each in NEEDED],
            )
        except InputError as error:
            self.notes = [str(error)]
            return []
        self.notes = list(found.notes)
        return [each for each in _overviews(found.samples) if since <= each.at_utc <= until]


def _overviews(samples: Sequence[Sample]) -> list[Overview]:
    found = [
        overview(before if after.at_s - before.at_s <= LONGEST_STEP_S else None, after, recorded=True)
        for before, after in pairwise(samples)
    ]
    return found or [overview(None, each, recorded=True) for each in samples[:1]]
