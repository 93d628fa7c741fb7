"""A chunk: a stretch of one source that can be scanned in place and asked for its lines.

The reader of a source yields chunks; whoever takes one sets `keep` before asking for the next, and
the bytes from `keep` on stand at the front of the next chunk (that is how a report that crosses a
chunk's end stays whole). The buffer is reused: nothing may hold on to `data` past the next chunk.
"""

from typing import Protocol

from kernward.records.lines import Line


class Chunk(Protocol):
    """A stretch of a source.

    `data[:size]` is what is scanned; it holds whole lines, each ended by `\\n` (the last one of the
    last chunk may lack it). `data[:fresh]` was already there in the previous chunk. `last` is True
    when the source ends with this chunk. `keep` starts out as `size` (keep nothing).
    """

    data: bytearray | bytes
    size: int
    fresh: int
    last: bool
    keep: int

    def lines(self, start: int, end: int, most: int = 1 << 30) -> list[Line]:
        """The lines that touch `data[start:end]`, prefixes parsed, at most `most` of them.

        A line's `start` and `end` are offsets in the source, not in `data`.
        """
        ...

    def offset(self, line: Line) -> int:
        """Where in `data` the given line (one that `lines` returned) begins."""
        ...
