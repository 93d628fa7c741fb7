"""Chunks of formats whose text is not on the line as it is: escaped, split, or in another order.

Such a format is decoded into lines first; a chunk's data is their texts, a line each, and maps back
to the lines, whose spans are in the source.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import msgspec

from kernward.logs.buffer import Buffer
from kernward.logs.format import ByteReader
from kernward.records.lines import Line

LONGEST_LINE = 1 << 18


class DecodedChunk:
    """A chunk of decoded lines."""

    def __init__(self, lines: list[Line], texts: list[bytes], fresh: int, last: bool) -> None:
        self._lines = lines
        self._starts: list[int] = []
        at = 0
        for text in texts:
            self._starts.append(at)
            at += len(text) + 1
        self.data: bytearray | bytes = b"\n".join([*texts, b""])
        self.size = len(self.data)
        self.fresh = fresh
        self.last = last
        self.keep = self.size
        self._places: dict[Line, int] = {}

    def lines(self, start: int, end: int, most: int = 1 << 30) -> list[Line]:
        if start >= self.size:
            return []
        first = self.index(max(0, start))
        stop = bisect_left(self._starts, max(end, start + 1))
        return self._lines[first : min(stop, first + most)]

    def offset(self, line: Line) -> int:
        if not self._places:
            self._places = dict(zip(reversed(self._lines), reversed(self._starts), strict=True))
        return self._places[line]

    def index(self, at: int) -> int:
        """Which line stands at `at` in the data."""
        return bisect_right(self._starts, at) - 1

    def kept(self, most: int) -> int:
        """How many of the lines, counted from the first, are not kept."""
        if self.keep >= self.size:
            return len(self._lines)
        index = self.index(max(0, self.keep))
        if self.size - self._starts[index] > most:
            index = bisect_left(self._starts, self.size - most)
        return index


def decoded_chunks(lines: Iterator[Line], buffer: Buffer) -> Iterator[DecodedChunk]:
    """Gathers decoded lines to chunks of the size that the buffer's would have."""
    kept: list[Line] = []
    kept_texts: list[bytes] = []
    fresh = 0
    handed = last = False
    while not last:
        batch, texts, size = kept, kept_texts, fresh
        last = True
        for line in lines:
            text = line.text.encode("utf-8", "backslashreplace")
            if b"\n" in text:
                text = text.replace(b"\n", b" ")
            batch.append(line)
            texts.append(text)
            size += len(text) + 1
            if size - fresh >= buffer.chunk:
                last = False
                break
        if not batch and not handed:
            return
        handed = True
        chunk = DecodedChunk(batch, texts, fresh, last)
        yield chunk
        index = chunk.kept(buffer.kept)
        kept, kept_texts = batch[index:], texts[index:]
        fresh = sum(len(text) + 1 for text in kept_texts)


def raw_lines(reader: ByteReader, longest: int = LONGEST_LINE) -> Iterator[tuple[int, bytes, bool]]:
    """The source's lines, as (offset, bytes without the newline, whether it was cut for its length).

    What follows in an overlong line is left out.
    """
    rest = b""
    base = 0
    cut = False  # the line that `rest` begins with is the remainder of one that was given, cut
    while True:
        block = reader.read(1 << 18)
        data = rest + block
        lines = data.split(b"\n")
        rest = lines.pop()
        for line in lines:
            if not cut:
                yield base, line[:longest], len(line) > longest
            cut = False
            base += len(line) + 1
        if len(rest) > longest:
            if not cut:
                yield base, rest[:longest], True
            cut = True
            base += len(rest)
            rest = b""
        if not block:
            if rest and not cut:
                yield base, rest, False
            return


def spread(line: Line) -> list[Line]:
    """A line for each line of a message that has several."""
    if "\n" not in line.text:
        return [line]
    parts = line.text.rstrip("\n").split("\n")
    return [msgspec.structs.replace(line, text=part) for part in parts]
