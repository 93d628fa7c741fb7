"""The hits of one chunk, and what is known of each: which kind it is, whether a report has taken it.

The scan says where triggers stand. A hit is confirmed only when somebody asks what it is: its line
is read and matched with the patterns that its triggers stand for, once.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kernward.events import index as catalogue
from kernward.events.kind import Kind
from kernward.events.scan import Hit, Scan, scanner
from kernward.logs.chunk import Chunk
from kernward.records.lines import Line

# A line in a syslog that was one for the sender holds at most so many of the kernel's.
_LINES_IN_ONE = 16


@dataclass(slots=True)
class Armed:
    """The catalogue, ready to scan: shared by all sources of a process."""

    index: catalogue.Index
    scan: Scan


@lru_cache(maxsize=2)
def armed(engine: str | None = None) -> Armed:
    """The catalogue's index and scanner; `engine` forces `hyperscan` or `re`."""
    index = catalogue.load()
    scan = scanner([entry.literal for entry in index.entries], index.platform, index.database, engine=engine)
    return Armed(index, scan)


@dataclass(slots=True)
class Candidate:
    """One pattern of one kind, compiled."""

    kind: Kind
    match: Any


@lru_cache(maxsize=4096)
def candidate(id: str, number: int) -> Candidate:
    """A kind's pattern by its number, imported and compiled when the first line holds its literal."""
    kind = catalogue.kind(id)
    return Candidate(kind, re.compile(kind.patterns[number].regex).match)


@dataclass(slots=True)
class Named:
    """A confirmed hit: which kind's which pattern, on which line."""

    kind: Kind
    literal: str
    match: "re.Match[str]"
    line: Line


class Hits:
    """The hits of a chunk, by number, in the order of the log."""

    def __init__(self, chunk: Chunk, hits: list[Hit], index: catalogue.Index) -> None:
        self.chunk = chunk
        self.hits = hits
        # Numbers of hits that belong to a report that was read already.
        self.done: set[int] = set()
        self._entries = index.entries
        self._programs = index.programs
        self._named: dict[int, Named | None] = {}

    def __len__(self) -> int:
        return len(self.hits)

    def start(self, number: int) -> int:
        """Where in the chunk the hit's line begins."""
        return self.hits[number][0]

    def raw(self, number: int) -> bytes:
        """The hit's whole line as it stands in the chunk."""
        start, end, _ = self.hits[number]
        newline = self.chunk.data.find(b"\n", end, self.chunk.size)
        return bytes(self.chunk.data[start : newline if newline >= 0 else self.chunk.size])

    def may_open_report(self, number: int) -> bool:
        """Could the hit be the first line of a report, by its triggers alone?"""
        return any(self._entries[trigger].opens_report for trigger in self.hits[number][2])

    def may_be(self, number: int, ids: tuple[str, ...]) -> bool:
        """Could the hit be of one of these kinds, by its triggers alone?"""
        return any(id in ids for trigger in self.hits[number][2] for id in self._entries[trigger].kinds)

    def named(self, number: int) -> Named | None:
        """Which kind the hit's line is; None when its text does not bear the triggers out."""
        if number not in self._named:
            self._named[number] = self._name(self.hits[number])
        return self._named[number]

    def _name(self, hit: Hit) -> Named | None:
        # One physical line may hold several: what the console dropped is told in front of a message,
        # and rsyslog joins the lines of one.
        for line in reversed(self.chunk.lines(hit[0], hit[1], _LINES_IN_ONE)):
            found = self._match(line, hit)
            if found is not None:
                return found
        return None

    def _match(self, line: Line, hit: Hit) -> Named | None:
        program = None if line.tag == "kernel" else line.tag
        if program is not None and program not in self._programs:
            return None
        text = line.text.lstrip()
        best: Named | None = None
        for trigger in set(hit[2]):
            for id, number, literal in self._entries[trigger].patterns:
                # Of several that match, the one with the longest fixed text says most.
                if literal not in text or (best is not None and len(literal) <= len(best.literal)):
                    continue
                found = candidate(id, number)
                match = found.match(text)
                if match is not None and (program is None or program in found.kind.programs):
                    best = Named(found.kind, literal, match, line)
        return best
