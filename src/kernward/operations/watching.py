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
    """Overviews by time, which can be gone back and forth; the last one is the latest unless gone back.

    `home` and `host` name the recording that goes further back; without it there is what was seen live.
    """

    def __init__(self, home: Path | None = None, host: str | None = None) -> None:
        self._home = home
        self._host = host
        self._kept: deque[Overview] = deque()
        self._at = -1
        self.notes: list[str] = []
        # Nothing earlier is recorded; nothing later either.
        self._begin = self._end = False

    @property
    def now(self) -> Overview | None:
        """The overview that is looked at; None before the first."""
        return self._kept[self._at] if self._kept else None

    @property
    def following(self) -> bool:
        """Whether what comes in is shown at once."""
        return self._at == -1

    def add(self, found: Overview) -> None:
        """A new overview, seen live."""
        self._kept.append(found)
        if not self.following:
            self._at -= 1
        while len(self._kept) > MOST_KEPT and -self._at < len(self._kept):
            self._kept.popleft()
            self._begin = False

    def follow(self) -> None:
        """Go to the latest."""
        self._at = -1

    def go(self, by: timedelta) -> None:
        """Go to the overview so much later, or earlier; at least one step; the recording is read as needed."""
        if self.now is None:
            return
        wanted = self.now.at_utc + by
        step = 1 if by > timedelta(0) else -1
        moved = False
        while True:
            if step < 0 and -self._at == len(self._kept) and not self._earlier():
                return
            if step > 0 and self._at == -1 and not self._later():
                return
            following = self._kept[self._at + step].at_utc
            # The nearest one, but never none.
            if moved and ((following > wanted) if step > 0 else (following < wanted)):
                return
            self._at += step
            moved = True

    def start_at(self, at: datetime) -> None:
        """Begin with what was recorded at or after this time; raises InputError when there is nothing."""
        found = self._read(at, at + PIECE)
        if not found and (there := self._edge(at, later=True)) is not None:
            found = self._read(there, there + PIECE)
        if not found:
            raise InputError(f"nothing was recorded from {at:%Y-%m-%d %H:%M:%S} UTC on")
        self._kept = deque(found)
        self._at = -len(found)

    def start_at_end(self) -> None:
        """Begin with the latest that was recorded; raises InputError when there is nothing."""
        from kernward.operations.playback import extents

        there = [each for each in extents(self._home) if self._host in (None, each.host)]
        found = self._read(there[0].last_utc - PIECE, there[0].last_utc) if there else []
        if not found:
            raise InputError(f"there is no recording of {self._host or 'any host'}")
        self._kept = deque(found)
        self.follow()

    def _earlier(self) -> bool:
        first = self._kept[0].at_utc
        if self._begin:
            return False
        found = [each for each in self._read(first - PIECE, first) if each.at_utc < first]
        if not found and (there := self._edge(first, later=False)) is not None:
            found = self._read(there - PIECE, there)
        if not found:
            self._begin = True
            return False
        self._kept.extendleft(reversed(found))
        while len(self._kept) > 2 * MOST_KEPT and self._at < -1:
            # Far back in a recording; what is dropped here is read again on the way forward.
            self._kept.pop()
            self._at += 1
        return True

    def _later(self) -> bool:
        last = self._kept[-1]
        # What is seen live has nothing later than the latest.
        if self._end or not last.recorded:
            return False
        found = [each for each in self._read(last.at_utc, last.at_utc + PIECE) if each.at_utc > last.at_utc]
        if not found and (there := self._edge(last.at_utc, later=True)) is not None:
            found = self._read(there, there + PIECE)
        if not found:
            self._end = True
            return False
        self._kept.extend(found)
        self._at -= len(found)
        return True

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
